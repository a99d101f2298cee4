// The children of the tests with several processes: one that appends and tells what
// was acknowledged until it is killed, and one that holds a store open.

package engine_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Environment of the appending child.
const (
	childPolicy = "BATPAK_ENGINE_TEST_POLICY" // "manual" or "every"
	childSeed   = "BATPAK_ENGINE_TEST_SEED"   // of the payloads
)

// childWriters is how many goroutines append in the child.
const childWriters = 2

// child is a started child process.
type child struct {
	cmd    *exec.Cmd
	output *bufio.Reader
	stdin  io.WriteCloser
}

// startChild runs this binary in a role.
func startChild(t failer, role, dir string, environment ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], dir)}
	c.cmd.Env = append(append(os.Environ(), childRole+"="+role), environment...)
	c.cmd.Stderr = os.Stderr
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatalf("%v", err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	c.output = bufio.NewReader(stdout)
	return c
}

// kill ends the child with SIGKILL and returns the whole lines that it had written
// and nobody had read.
func (c *child) kill(t failer) []string {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatalf("kill: %v", err)
	}
	rest, err := io.ReadAll(c.output)
	if err != nil {
		t.Fatalf("read the child's last words: %v", err)
	}
	_ = c.cmd.Wait() // it was killed, that is its error
	lines := strings.SplitAfter(string(rest), "\n")
	return lines[:len(lines)-1]
}

// appendingChild appends until it is killed, by several goroutines, and writes a line
// for each acknowledged event: sequence, id and hash. Before that it says hello, so
// that it can be killed while it opens the store.
func appendingChild(dir string) int {
	fmt.Println("hello")
	o := engine.Options{SegmentSize: engine.MinSegmentSize}
	if os.Getenv(childPolicy) == "manual" {
		o.Sync = engine.SyncManual()
	}
	var seed uint64
	if _, err := fmt.Sscan(os.Getenv(childSeed), &seed); err != nil {
		fmt.Fprintln(os.Stderr, "child: seed:", err)
		return 1
	}
	s, err := engine.Open(dir, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "child: open:", err)
		return 1
	}
	var output sync.Mutex
	var failed sync.WaitGroup
	for writer := range childWriters {
		failed.Go(func() {
			at := event.MustAt(fmt.Sprint("writer-", writer), "kill")
			for n := uint64(0); ; n++ {
				r, err := s.AppendBytes(at, event.Data, event.CodecRaw, childPayload(seed+n*childWriters+uint64(writer)))
				if err != nil {
					fmt.Fprintln(os.Stderr, "child: append:", err)
					return
				}
				output.Lock()
				fmt.Printf("%d %s %s\n", r.Sequence, r.ID, r.Hash)
				output.Unlock()
			}
		})
	}
	failed.Wait()
	return 1
}

// childPayload returns a payload that says which it is, so that one that was never
// acknowledged can be checked too.
func childPayload(n uint64) []byte {
	b := randomBytes(n, 8+int(n%500))
	binary.LittleEndian.PutUint64(b, n)
	return b
}

// holdingChild opens the store, says so, and holds it until its input ends.
func holdingChild(dir string) int {
	s, err := engine.Open(dir, engine.Options{ReadOnly: os.Getenv(childPolicy) == "read only"})
	if err != nil {
		fmt.Fprintln(os.Stderr, "child: open:", err)
		return 1
	}
	fmt.Println("open")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "child: wait:", err)
		return 1
	}
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "child: close:", err)
		return 1
	}
	return 0
}
