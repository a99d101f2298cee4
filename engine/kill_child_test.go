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

	"github.com/batpak/batpak/engine"
)

// Environment of the children.
const (
	childPolicy = "BATPAK_ENGINE_TEST_POLICY" // name of a policy, or "read only"
	childSeed   = "BATPAK_ENGINE_TEST_SEED"   // of the payloads and of what is done
)

// child is a started child process.
type child struct {
	cmd    *exec.Cmd
	output *bufio.Reader
	stdin  io.WriteCloser
}

// startChild runs this binary in a role.
func startChild(t failer, role, dir string, environment ...string) *child {
	t.Helper()
	return startCommand(t, role, exec.Command(os.Args[0], dir), environment...)
}

// startCommand runs a command that runs this binary in a role. The child is killed after
// the test if it is still there.
func startCommand(t failer, role string, command *exec.Cmd, environment ...string) *child {
	t.Helper()
	c := &child{cmd: command}
	c.cmd.Env = append(append(os.Environ(), childRole+"="+role, "GORACE=atexit_sleep_ms=0"), environment...)
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
	if test, ok := t.(interface{ Cleanup(func()) }); ok {
		test.Cleanup(func() {
			if c.cmd.ProcessState == nil {
				_ = c.cmd.Process.Kill() // it may have ended by itself
				_ = c.cmd.Wait()
			}
		})
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
