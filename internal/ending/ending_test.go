// Tests of the signals that end the context.

package ending

import (
	"os"
	"syscall"
	"testing"
)

func TestBeingAskedToEndEndsTheContext(t *testing.T) {
	for _, asked := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		ctx, stop := Notify(t.Context())
		if ctx.Err() != nil {
			t.Fatalf("%v: ended before", asked)
		}
		if err := syscall.Kill(os.Getpid(), asked); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done() // without it the signal ends the whole test
		stop()
	}
}
