// Building and running the tests that are to catch defects.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/hooks"
)

const tag = "dangerous_test_hooks"

// tests are the built tests of some packages.
type tests struct {
	root    string // of the module
	scratch string
	timeout time.Duration // of one process
}

// buildTests builds the tests of the packages, with the tag, into a directory that close removes.
func buildTests(ctx context.Context, packages []string, timeout time.Duration) (*tests, error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(module)))
	scratch, err := os.MkdirTemp("", "defects-")
	if err != nil {
		return nil, err
	}
	t := &tests{root, scratch, timeout}
	for _, pkg := range packages {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", tag, "-o", t.binary(pkg), "./"+pkg)
		build.Dir = root
		if said, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("build the tests of %s: %w\n%s", pkg, err, said), t.close())
		}
	}
	return t, nil
}

func (t *tests) close() error { return os.RemoveAll(t.scratch) }

// binary returns the path of a package's tests.
func (t *tests) binary(pkg string) string {
	return filepath.Join(t.scratch, strings.ReplaceAll(pkg, "/", "-")+".test")
}

// outcome is what became of one test.
type outcome struct {
	failed  bool
	passed  bool // neither: it did not run, was skipped, or was not through in time
	seconds float64
	said    string // what the process printed
}

// run runs one test in a process of its own, with a defect planted; 0: none.
func (t *tests) run(ctx context.Context, d detector, defect hooks.Defect) (outcome, error) {
	process := exec.CommandContext(ctx, t.binary(d.pkg), "-test.run", pattern(d.test), "-test.v", "-test.count=1",
		"-test.timeout", t.timeout.String())
	process.Dir = filepath.Join(t.root, filepath.FromSlash(d.pkg))
	process.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, hooks.DefectVariable+"=") })
	if defect != 0 {
		process.Env = append(process.Env, hooks.DefectVariable+"="+defect.String())
	}
	process.WaitDelay = testTimeout // for a child of the test that outlives it and holds the output open
	began := time.Now()
	said, err := process.CombinedOutput()
	o := judge(d, said, err == nil)
	o.seconds = time.Since(began).Seconds()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return o, fmt.Errorf("run %s: %w", d, err)
	}
	return o, ctx.Err()
}

// judge reads what a process that ran a test printed; fine says that it ended with exit code 0.
func judge(d detector, said []byte, fine bool) outcome {
	o := outcome{said: string(said)}
	ended := func(how string) bool {
		return bytes.Contains(said, []byte("\n--- "+how+": "+d.top()+" ")) || bytes.HasPrefix(said, []byte("--- "+how+": "+d.top()+" "))
	}
	late := bytes.Contains(said, []byte("panic: test timed out"))
	// A panic that no test recovers ends the process without a verdict where it was raised in another goroutine.
	o.failed = !fine && !late && (ended("FAIL") || bytes.Contains(said, []byte("panic: ")) || bytes.Contains(said, []byte("fatal error: ")))
	o.passed = fine && ended("PASS")
	return o
}

// pattern returns the regular expression that selects exactly this test.
func pattern(test string) string {
	parts := strings.Split(strings.ReplaceAll(test, " ", "_"), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
