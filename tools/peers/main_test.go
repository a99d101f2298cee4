// Every peer through the line protocol, and what the command refuses. No test looks at a time.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/batpak/batpak/tools/peers/internal/peer"
)

// talk runs the command with lines of input and returns its exit code and its answers.
func talk(t *testing.T, name string, lines ...string) (code int, answers []answer) {
	t.Helper()
	var out, messages bytes.Buffer
	code = run([]string{name}, strings.NewReader(strings.Join(lines, "\n")), &out, &messages)
	for decoder := json.NewDecoder(&out); ; {
		var a answer
		if err := decoder.Decode(&a); err == io.EOF {
			return code, answers
		} else if err != nil {
			t.Fatalf("%v; messages %q", err, messages.String())
		}
		answers = append(answers, a)
	}
}

func opening(directory string) string {
	return fmt.Sprintf(`{"do":"open","directory":%q,"payload_bytes":100}`, directory)
}

const aRound = `{"do":"run","callers":4,"nanoseconds":1000000}`

func TestEveryPeerRunsRoundsOnCommand(t *testing.T) {
	for _, name := range peer.Names() {
		t.Run(name, func(t *testing.T) {
			code, answers := talk(t, name, opening(t.TempDir()+"/new"), aRound, aRound, `{"do":"settle"}`, `{"do":"close"}`)
			if code != 0 || len(answers) != 5 {
				t.Fatalf("exit code %d, answers %+v", code, answers)
			}
			if !strings.HasPrefix(answers[0].Peer, name+" ") {
				t.Errorf("opened %q", answers[0].Peer)
			}
			for i, a := range answers {
				if a.Error != "" {
					t.Errorf("answer %d: %s", i, a.Error)
				}
			}
			for _, a := range answers[1:3] {
				if a.Appends < 4 || a.Nanoseconds <= 0 || a.P50 <= 0 || a.P99 < a.P50 {
					t.Errorf("round %+v", a)
				}
			}
		})
	}
}

func TestWrongCommandsAreAnsweredWithAnErrorAndOthersMayFollow(t *testing.T) {
	directory := t.TempDir()
	lines := []string{
		aRound, `{"do":"open","payload_bytes":-1}`, opening("/dev/null/x"), opening(directory), opening(directory),
		`{"do":"run","callers":0,"nanoseconds":5}`, `{"do":"run","callers":4}`, `{"do":"dance"}`, aRound,
	}
	want := []string{
		"no store is open", "payload_bytes is -1", "/dev/null", "", "open already",
		"callers is 0", "nanoseconds is 0", `unknown command "dance"`, "",
	}
	code, answers := talk(t, "bbolt", lines...)
	if code != 0 || len(answers) != len(want) {
		t.Fatalf("exit code %d, answers %+v", code, answers)
	}
	for i, a := range answers {
		if (a.Error == "") != (want[i] == "") || !strings.Contains(a.Error, want[i]) {
			t.Errorf("%s is answered with %q, want %q", lines[i], a.Error, want[i])
		}
	}
}

func TestExitCodesTellWrongUseFromFailure(t *testing.T) {
	broken := iotest.ErrReader(errors.New("broken pipe"))
	for name, c := range map[string]struct {
		arguments []string
		in        io.Reader
		code      int
		want      string
	}{
		"end of input":  {[]string{"pebble"}, strings.NewReader(""), 0, ""},
		"no name":       {nil, strings.NewReader(""), 2, "pebble"},
		"two names":     {[]string{"pebble", "bbolt"}, strings.NewReader(""), 2, "pebble"},
		"unknown name":  {[]string{"oracle"}, strings.NewReader(""), 2, `unknown peer "oracle"`},
		"broken input":  {[]string{"pebble"}, broken, 1, "broken pipe"},
		"input no JSON": {[]string{"pebble"}, strings.NewReader("hello"), 1, "reading a command"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, messages bytes.Buffer
			code := run(c.arguments, c.in, &out, &messages)
			if code != c.code || !strings.Contains(messages.String(), c.want) || (messages.Len() > 0) != (c.want != "") {
				t.Errorf("exit code %d, messages %q", code, messages.String())
			}
		})
	}
}
