// This file holds the testing.TB of examples that show how a failing test looks.

package guide_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
)

// printing is a test that prints what it is failed with. It has only the methods that are here: any
// other one panics, having no test behind it.
type printing struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func newPrinting() *printing { return &printing{} }

// end is what the end of a test does.
func (p *printing) end() {
	for _, cleanup := range slices.Backward(p.cleanups) {
		cleanup()
	}
}

func (p *printing) Helper()                  {}
func (p *printing) Failed() bool             { return p.failed }
func (p *printing) Skipped() bool            { return false }
func (p *printing) Cleanup(f func())         { p.cleanups = append(p.cleanups, f) }
func (p *printing) Output() io.Writer        { return io.Discard }
func (p *printing) Context() context.Context { return context.Background() }

func (p *printing) Errorf(format string, arguments ...any) {
	p.failed = true
	fmt.Printf(format+"\n", arguments...)
}

// Fatalf panics after it has printed: an example has no goroutine that could be ended.
func (p *printing) Fatalf(format string, arguments ...any) {
	p.Errorf(format, arguments...)
	panic("the test was ended")
}

func (p *printing) TempDir() string {
	dir, err := os.MkdirTemp("", "guide-")
	check(err)
	p.Cleanup(func() { check(os.RemoveAll(dir)) })
	return dir
}
