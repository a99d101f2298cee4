// The line protocol. A session has no store, or one that is open.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/batpak/batpak/tools/peers/internal/crowd"
	"github.com/batpak/batpak/tools/peers/internal/peer"
)

// command is one line of input.
type command struct {
	Do           string `json:"do"`
	Directory    string `json:"directory"`
	PayloadBytes int    `json:"payload_bytes"`
	Callers      int    `json:"callers"`
	Nanoseconds  int64  `json:"nanoseconds"`
}

// answer is one line of output.
type answer struct {
	Error       string `json:"error,omitempty"`
	Peer        string `json:"peer,omitempty"`
	Appends     int64  `json:"appends,omitempty"`
	Nanoseconds int64  `json:"nanoseconds,omitempty"`
	P50         int64  `json:"p50,omitempty"`
	P99         int64  `json:"p99,omitempty"`
}

// Limits of what a command may ask for.
const (
	maxPayloadBytes = 1 << 20
	maxCallers      = 1 << 16
	maxTime         = time.Hour
)

// session is one peer, and its store while that is open.
type session struct {
	kind         peer.Kind
	store        peer.Store
	payloadBytes int
}

// serve answers commands until the input ends.
func serve(kind peer.Kind, in io.Reader, out io.Writer) (err error) {
	s := &session{kind: kind}
	defer func() { err = errors.Join(err, s.close()) }()
	commands, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c command
		if err := commands.Decode(&c); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a command: %w", err)
		}
		a, err := s.do(c)
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
}

func (s *session) do(c command) (answer, error) {
	if c.Do == "open" {
		return s.open(c)
	}
	if s.store == nil {
		return answer{}, fmt.Errorf("%q: no store is open", c.Do)
	}
	switch c.Do {
	case "run":
		return s.run(c)
	case "settle":
		return answer{}, s.store.Settle()
	case "close":
		return answer{}, s.close()
	}
	return answer{}, fmt.Errorf("unknown command %q; there are open, run, settle and close", c.Do)
}

func (s *session) open(c command) (a answer, err error) {
	if s.store != nil {
		return a, errors.New("a store is open already")
	}
	if c.PayloadBytes < 1 || c.PayloadBytes > maxPayloadBytes {
		return a, fmt.Errorf("payload_bytes is %d, must be from 1 to %d", c.PayloadBytes, maxPayloadBytes)
	}
	if err := os.MkdirAll(c.Directory, 0o700); err != nil {
		return a, err
	}
	if s.store, err = s.kind.Open(c.Directory); err != nil {
		s.store = nil
		return a, err
	}
	s.payloadBytes = c.PayloadBytes
	return answer{Peer: s.kind.Description()}, nil
}

func (s *session) run(c command) (a answer, err error) {
	if c.Callers < 1 || c.Callers > maxCallers {
		return a, fmt.Errorf("callers is %d, must be from 1 to %d", c.Callers, maxCallers)
	}
	if c.Nanoseconds < 1 || c.Nanoseconds > int64(maxTime) {
		return a, fmt.Errorf("nanoseconds is %d, must be from 1 to %d", c.Nanoseconds, int64(maxTime))
	}
	s.store.Expect(c.Callers)
	round, err := crowd.Run(c.Callers, time.Duration(c.Nanoseconds), s.payloadBytes, s.store.Append)
	if err != nil {
		return a, err
	}
	return answer{
		Appends: round.Appends, Nanoseconds: int64(round.Took), P50: int64(round.P50), P99: int64(round.P99),
	}, nil
}

func (s *session) close() error {
	if s.store == nil {
		return nil
	}
	err := s.store.Close()
	s.store = nil
	return err
}
