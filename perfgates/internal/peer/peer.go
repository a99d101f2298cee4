// One peer in its process.

package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Names returns the peers that there are, those with targets first.
func Names() []string { return []string{"pebble", "badger", "bbolt", "raft-wal", "tidwall-wal"} }

// Peer is an open store of a peer. It is for one goroutine.
type Peer struct {
	// Description is the peer's name, version and settings in one line.
	Description string

	process *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	said    *tail // on standard error
	ended   bool
}

// Round is what one round came to.
type Round struct {
	Appends  int64
	Took     time.Duration
	P50, P99 time.Duration // of one caller's appends
}

// command and answer are the lines of the protocol, told in the documentation of tools/peers.
type command struct {
	Do           string        `json:"do"`
	Directory    string        `json:"directory,omitempty"`
	PayloadBytes int           `json:"payload_bytes,omitempty"`
	Callers      int           `json:"callers,omitempty"`
	Nanoseconds  time.Duration `json:"nanoseconds,omitempty"`
}

type answer struct {
	Error       string        `json:"error"`
	Peer        string        `json:"peer"`
	Appends     int64         `json:"appends"`
	Nanoseconds time.Duration `json:"nanoseconds"`
	P50         time.Duration `json:"p50"`
	P99         time.Duration `json:"p99"`
}

// Start starts a process for the peer of this name and lets it open a new store in directory,
// for values of payloadBytes bytes. When ctx ends the process is killed.
func (p *Program) Start(ctx context.Context, name, directory string, payloadBytes int) (*Peer, error) {
	peer := &Peer{said: &tail{}}
	peer.process = exec.CommandContext(ctx, p.path, name)
	peer.process.Stderr = peer.said
	peer.process.WaitDelay = endPatience // for what a killed process leaves open
	in, err := peer.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := peer.process.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if err := peer.process.Start(); err != nil {
		return nil, err
	}
	peer.in, peer.answers = in, json.NewDecoder(out)
	a, err := peer.ask(command{Do: "open", Directory: directory, PayloadBytes: payloadBytes})
	if err != nil {
		return nil, errors.Join(err, peer.Close())
	}
	if peer.Description = a.Peer; a.Peer == "" {
		peer.Description = name
	}
	return peer, nil
}

// Run lets so many callers append for so long.
func (p *Peer) Run(callers int, during time.Duration) (Round, error) {
	a, err := p.ask(command{Do: "run", Callers: callers, Nanoseconds: during})
	if err != nil {
		return Round{}, err
	}
	if a.Appends <= 0 || a.Nanoseconds <= 0 {
		return Round{}, fmt.Errorf("the peer says that it made %d appends in %v", a.Appends, a.Nanoseconds)
	}
	return Round{Appends: a.Appends, Took: a.Nanoseconds, P50: a.P50, P99: a.P99}, nil
}

// Settle returns when the peer has nothing left to do in the background, as far as it tells.
func (p *Peer) Settle() error {
	_, err := p.ask(command{Do: "settle"})
	return err
}

// endPatience is how long a process may take for its end.
const endPatience = 30 * time.Second

// Close closes the store and ends the process. It may be called again.
func (p *Peer) Close() error {
	if p.ended {
		return nil
	}
	p.ended = true
	// At the end of its input the process closes the store. One that hangs is killed.
	err := p.in.Close()
	killer := time.AfterFunc(endPatience, func() { _ = p.process.Process.Kill() }) // an error: it has ended
	defer killer.Stop()
	if failed := p.process.Wait(); failed != nil {
		return fmt.Errorf("the peer's process: %w%s", failed, p.said)
	}
	return err
}

// ask sends a command and waits for its answer. A process that does not answer is
// ended.
func (p *Peer) ask(c command) (a answer, err error) {
	if p.ended {
		return a, errors.New("the peer's process has ended")
	}
	if err = json.NewEncoder(p.in).Encode(c); err == nil {
		err = p.answers.Decode(&a)
	}
	if err != nil {
		return a, fmt.Errorf("no answer to %q: %w", c.Do, errors.Join(err, p.Close()))
	}
	if a.Error != "" {
		return a, fmt.Errorf("the peer refuses %q: %s", c.Do, a.Error)
	}
	return a, nil
}

// tail keeps the end of what is written. It is read after the process has ended.
type tail struct{ bytes []byte }

const tailBytes = 1 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.bytes = append(t.bytes, b...)
	t.bytes = t.bytes[max(0, len(t.bytes)-tailBytes):]
	return len(b), nil
}

// String returns a colon and the last line, nothing when nothing was written.
func (t *tail) String() string {
	if line := lastLine(string(t.bytes)); line != "" {
		return ": " + line
	}
	return ""
}
