// Peers played by this test program itself: sound ones, and every way in which one can fail.

package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// roleVariable makes this program play a peer instead of running tests.
const roleVariable = "BATPAK_BENCH_TEST_PEER"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play answers commands as the role wants it, and returns the exit code.
func play(role string) int {
	if role == "exits" {
		fmt.Fprintln(os.Stderr, "first line\nno such peer")
		return 2
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		command := lines.Text()
		opening := strings.Contains(command, `"do":"open"`)
		switch {
		case role == "mute":
			// waits for the end of input
		case role == "talks nonsense":
			fmt.Println("good morning")
		case role == "refuses to open" && opening:
			fmt.Println(`{"error":"directory is full"}`)
		case opening:
			fmt.Printf("{\"peer\":%q}\n", os.Args[1]+" v1: told "+command)
		case role == "dies in a round":
			fmt.Fprintln(os.Stderr, "panic: oh no")
			return 2
		case role == "does nothing":
			fmt.Println(`{"appends":0,"nanoseconds":5}`)
		case strings.Contains(command, `{"do":"run","callers":64,"nanoseconds":1000000}`):
			fmt.Println(`{"appends":7,"nanoseconds":1500000,"p50":20,"p99":30}`)
		case strings.Contains(command, `{"do":"settle"}`):
			fmt.Println(`{}`)
		default:
			fmt.Println(`{"error":"unknown command"}`)
		}
	}
	if role == "fails to close" {
		return 1
	}
	return 0
}

// start starts this program in a role.
func start(ctx context.Context, t *testing.T, role string) (*Peer, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(roleVariable, role)
	return (&Program{program}).Start(ctx, "pebble", "/some/where", 256)
}

func TestAPeerOpensRunsSettlesAndCloses(t *testing.T) {
	p, err := start(t.Context(), t, "sound")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pebble v1", `"directory":"/some/where"`, `"payload_bytes":256`} {
		if !strings.Contains(p.Description, want) {
			t.Errorf("%s is not in %s", want, p.Description)
		}
	}
	for range 2 {
		round, err := p.Run(64, time.Millisecond)
		if want := (Round{7, 1500 * time.Microsecond, 20, 30}); err != nil || round != want {
			t.Errorf("got %+v, %v", round, err)
		}
		if err := p.Settle(); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Run(1, time.Second); err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("what the peer refuses is %v", err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Run(64, time.Millisecond); err == nil {
		t.Error("a closed peer runs")
	}
}

func TestAPeerThatDoesNotOpenIsAnErrorThatSaysWhy(t *testing.T) {
	for role, want := range map[string]string{
		"exits": "no such peer", "talks nonsense": "no answer", "refuses to open": "directory is full",
	} {
		t.Run(role, func(t *testing.T) {
			if _, err := start(t.Context(), t, role); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
	if _, err := (&Program{"/does/not/exist"}).Start(t.Context(), "pebble", "", 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that isn't there: %v", err)
	}
}

func TestAPeerThatFailsLaterIsAnErrorThatSaysWhy(t *testing.T) {
	for role, want := range map[string]string{"dies in a round": "oh no", "does nothing": "0 appends"} {
		t.Run(role, func(t *testing.T) {
			p, err := start(t.Context(), t, role)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Run(64, time.Millisecond); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPeerThatFailsToCloseSaysSo(t *testing.T) {
	p, err := start(t.Context(), t, "fails to close")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err == nil {
		t.Error("no error")
	}
}

func TestAPeerThatDoesNotAnswerIsKilledWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel) // most likely while it is waited for; at any time it is right
	if _, err := start(ctx, t, "mute"); err == nil {
		t.Error("no error")
	}
}
