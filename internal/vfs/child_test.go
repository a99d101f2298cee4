// This file holds the child process of the tests: the test program again, doing one of the jobs below.
//
// A child gets its job and its directory in the environment, answers in lines on its output, and lives until its input
// ends unless the job says otherwise.

package vfs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const jobVariable, directoryVariable = "VFS_TEST_JOB", "VFS_TEST_DIRECTORY"

// jobs are what a child can do; each returns its last line.
var jobs = map[string]func(d Dir) string{
	"lock": lockInChild, "shared lock": sharedLockInChild, "file size": exceedFileSize, "descriptors": exhaustDescriptors,
	"sync": syncInChild, "make directory": makeDirectories,
}

func TestMain(m *testing.M) {
	job, ok := jobs[os.Getenv(jobVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	d, err := OpenDir(os.Getenv(directoryVariable), false)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(job(d))
	io.Copy(io.Discard, os.Stdin)
}

// child is a running child.
type child struct {
	t       *testing.T
	command *exec.Cmd
	input   io.Closer
	output  *bufio.Reader
}

// startChild starts a child for a job in a directory; prefix is a command line to run it under.
func startChild(t *testing.T, job, directory string, change func(*exec.Cmd), prefix ...string) *child {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	arguments := append(prefix, self)
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", jobVariable+"="+job, directoryVariable+"="+directory)
	command.Stderr = os.Stderr
	if change != nil {
		change(command)
	}
	input, err := command.StdinPipe()
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	if err := command.Start(); err != nil {
		t.Skipf("SKIPPED: the child can't be started: %v", err)
	}
	c := &child{t: t, command: command, input: input, output: bufio.NewReader(output)}
	t.Cleanup(c.kill)
	return c
}

// line returns the next line that the child says.
func (c *child) line() string {
	c.t.Helper()
	line, err := c.output.ReadString('\n')
	if err != nil {
		c.t.Fatalf("the child said %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

// finish lets the child end by itself.
func (c *child) finish() {
	c.t.Helper()
	must(c.t, c.input.Close(), c.command.Wait())
}

// kill ends the child at once and waits until it is gone.
func (c *child) kill() {
	if c.command.ProcessState == nil {
		c.command.Process.Kill()
		c.command.Wait()
	}
}

func lockInChild(d Dir) string { return lockAs(d, true) }

func sharedLockInChild(d Dir) string { return lockAs(d, false) }

// lockAs takes the lock, which the end of the process gives back, or says who holds it.
func lockAs(d Dir, exclusive bool) string {
	_, err := d.Lock("LOCK", exclusive)
	var locked *LockedError
	if errors.As(err, &locked) {
		return fmt.Sprintf("locked by %d", locked.PID)
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("got it as %d", os.Getpid())
}
