//go:build !race

// Syncs that the kernel answers with an error, or late, as strace forges it in a child.
// Race builds would only be slower.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func init() {
	children["suffer"] = sufferingChild
	children["wait"] = waitingChild
}

// startTraced starts a child whose fsync and fdatasync strace watches, and changes as the
// injection says. It returns where the trace is.
func startTraced(t *testing.T, role, dir, injection string, environment ...string) (*child, string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-qq", "-e", "trace=none", os.Args[0], "-test.list=^$").Run()
	}
	if err != nil {
		t.Skipf("SKIPPED: only strace can make a sync fail: %v", err)
	}
	trace := filepath.Join(quickDir(t), "trace")
	command := exec.Command(strace, "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,fdatasync", "-e", "inject="+injection, os.Args[0], dir)
	return startCommand(t, role, command, environment...), trace
}

// sufferingChild appends from several goroutines, a hundred events each, and tells as the
// appending child does, and of every failure:
//
//	open      Open failed
//	unknown   an append, Sync or WaitDurable had no known outcome
//	poisoned  an append or Sync was refused for that
//	failed    an append was refused since no segment could be made
//	cause     the store is poisoned, the failed sync was that of this file
func sufferingChild(dir string) int {
	policy, err := policyNamed(os.Getenv(childPolicy))
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	s, err := engine.Open(dir, small(policy))
	if err != nil {
		fmt.Println("open 0", err)
		return 0
	}
	k := &talker{store: s, policy: policy, seed: 1, output: new(sync.Mutex)}
	var writing sync.WaitGroup
	for writer := range childWriters {
		writing.Go(func() {
			for left := 100; left > 0; left -= 10 {
				if err := k.write(uint64(writer), 10); err != nil {
					k.say(kindOf(err), 0, err)
				}
			}
		})
	}
	writing.Wait()
	poison := s.Stats().Poisoned
	err = s.Close()
	if poison == nil && errors.Is(err, engine.ErrPoisoned) {
		poison = err // it was the sync of Close
	}
	var at *fs.PathError
	switch {
	case errors.As(poison, &at):
		k.say("cause", 0, at.Path)
	case err == nil:
		k.say("closed", 0)
	}
	if (poison != nil) != errors.Is(err, engine.ErrPoisoned) {
		fmt.Fprintf(os.Stderr, "child: poisoned by %v, close: %v\n", poison, err)
		return 1
	}
	return 0
}

// kindOf returns the word for a failure.
func kindOf(err error) string {
	switch {
	case errors.Is(err, engine.ErrIndeterminate):
		return "unknown"
	case errors.Is(err, engine.ErrPoisoned):
		return "poisoned"
	}
	return "failed"
}

func TestASyncThatTheKernelFailsIsNeverBelievedAndNeverRepeated(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	words := make(map[string]int)
	for _, policy := range killPolicies {
		for _, calls := range []string{"fdatasync", "fdatasync", "fdatasync", "fsync"} {
			v := newVictim(quickDir(t)+"/store", seed)
			mustClose(t, mustOpen(t, v.path, small(policy)))                          // or most failures would be those of its creation
			injection := fmt.Sprintf("%s:error=EIO:when=%d", calls, 1+random.IntN(6)) // of each thread
			c, trace := startTraced(t, "suffer", v.path, injection, childPolicy+"="+policy.String())
			cause := v.hearAll(t, policy, c)
			for word, n := range v.words {
				words[word] += n
			}
			if v.words["unknown"]+v.words["poisoned"] > 0 && cause == "" {
				t.Errorf("%s, %s: %v, and the store is not poisoned", policy, injection, v.words)
			}
			if cause != "" {
				mustNotBeRepeated(t, trace, cause)
			}
			s := mustOpen(t, v.path, small(policy))
			v.compare(t, 0, s, false)
			mustAppend(t, s, 5)
			mustClose(t, s)
		}
	}
	t.Logf("told: %v", words)
	if words["cause"] == 0 || words["unknown"] == 0 || words["durable"] == 0 {
		t.Errorf("told: %v: no sync failed that mattered", words)
	}
}

// hearAll takes everything that a suffering child says, and returns which file's sync
// poisoned the store.
func (v *victim) hearAll(t *testing.T, policy engine.SyncPolicy, c *child) (cause string) {
	t.Helper()
	for {
		line, err := c.output.ReadString('\n')
		if err != nil {
			break
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " 0 ")
		switch word {
		case "cause":
			cause = rest
		case "open", "failed", "unknown", "poisoned":
			if !strings.Contains(rest, "input/output error") {
				t.Errorf("%s: %s: not what was injected", word, rest)
			}
		default:
			v.hear(t, policy, line)
			continue
		}
		v.words[word]++
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("the child: %v", err)
	}
	return cause
}

// mustNotBeRepeated fails the test unless the trace holds a failed sync of the file and no
// sync of it that began after that one had ended.
func mustNotBeRepeated(t *testing.T, trace, file string) {
	t.Helper()
	content, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	entered, failed := make(map[string]bool), false // by thread: it is in a sync of the file
	for line := range strings.Lines(string(content)) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		if call = strings.TrimSpace(call); !strings.HasPrefix(call, "<...") {
			entered[thread] = strings.Contains(call, "<"+file+">")
			if entered[thread] && failed {
				t.Errorf("%s was synced again after it had failed:\n%s", file, content)
				return
			}
		}
		failed = failed || entered[thread] && strings.Contains(call, "(INJECTED)")
	}
	if !failed {
		t.Errorf("no sync of %s failed:\n%s", file, content)
	}
}

// waitingChild asks for events that no sync has made durable yet, with a context that ends
// before, until that was answered once, and then for the same without one.
func waitingChild(dir string) int {
	s, err := engine.Open(dir, engine.Options{})
	for tries := 0; err == nil && tries < 100; tries++ {
		var r engine.Receipt
		if r, err = s.AppendWith(here, event.Data, tries, engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
			break
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		ended := s.WaitDurable(ctx, r.Sequence)
		cancel()
		durable := s.Stats().Durable >= r.Sequence
		if err = s.WaitDurable(context.Background(), r.Sequence); err != nil || durable || ended == nil {
			continue // this machine was slower than the disk
		}
		if !errors.Is(ended, engine.ErrIndeterminate) || !errors.Is(ended, context.DeadlineExceeded) {
			err = fmt.Errorf("the wait ended with %w", ended)
			break
		}
		fmt.Println("ended")
		break
	}
	if err = errors.Join(err, s.Close()); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func TestAWaitForASlowDiskEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := quickDir(t) + "/store"
	c, _ := startTraced(t, "wait", path, "fdatasync:delay_enter=200000") // µs
	c.mustSay(t, "ended\n")
	c.mustEnd(t)
	mustClose(t, mustOpen(t, path, engine.Options{}))
}
