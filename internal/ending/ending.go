// This file holds the context that ends when the process is asked to.

package ending

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Notify returns a context that ends when parent does, or when this process is asked to end: by an interrupt from the terminal, or by
// SIGTERM, as supervisors, timeout and runners of jobs do. From then on a second such signal ends the process at once. stop gives the
// signals back; it may be called more than once.
func Notify(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
