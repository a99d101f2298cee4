// This file proves what the program prints, on a new store and on one that it has filled, and that it notices what does not
// hold.

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// printed is what the program prints.
const printed = `Two rooms, four people who speak at once, three members who listen:
ok    ann heard all 40 messages of the tea room, in order
ok    of the two who spoke there, and of nobody else
ok    bob heard all 40 messages of the tea room, in order
ok    of the two who spoke there, and of nobody else
ok    eve heard all 40 messages of the garden room, in order
ok    of the two who spoke there, and of nobody else
A member who does not listen for a while, with room for 5 messages:
ok    with the next message he is told that he missed 15
ok    he heard the newest 5, in order
ok    heard and missed are together all that was said
ok    ann, who listened, missed nothing
A member who comes late, while people go on speaking:
ok    he heard everything that was ever said there, in order and each message once
ok    he was told once that he had caught up: behind all that had been said before he came
ok    and missed nothing
Members who go:
ok    the channel of one whose context ended is closed, and says why
ok    one who closed his subscription hears nothing more
`

func chat(arguments ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(arguments, &out, &errs)
	return code, out.String(), errs.String()
}

func TestEveryClaimHoldsOnANewStoreAndOnItsOwn(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		if code, stdout, stderr := chat("--dir", dir, "--messages", "20"); code != exitFine || stderr != "" || stdout != printed {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
	}
}

func TestAClaimThatDoesNotHoldIsNoticed(t *testing.T) {
	dir := t.TempDir()
	k := newKinds()
	store, err := engine.Open(dir, engine.Options{Registry: k.registry})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: store, said: k.said, messages: 10, out: new(bytes.Buffer)}
	m, err := h.enter("sam", "tea", engine.SubscribeOptions{Buffer: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.speak("garden", "kim", 1), h.speak("tea", "kim", 3)); err != nil {
		t.Fatal(err)
	}
	d, err := m.sub.Next(t.Context())
	if err := errors.Join(err, m.take(h, d)); err != nil {
		t.Fatal(err)
	}
	m.heard = append(m.heard, 7)
	h.claim(m.contiguous(), "it has no gap")
	if out := h.out.(*bytes.Buffer).String(); !h.wrong || out != "WRONG it has no gap\n" || m.missed != 1 {
		t.Errorf("%v %q, %d missed", h.wrong, out, m.missed)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBadArgumentsAndStoresAreNamed(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"more"}, `chat: unexpected argument "more"`},
		{[]string{"--what"}, "flag provided but not defined"},
		{[]string{"--messages", "9"}, "chat: --messages is 9, must be 10 to 100000"},
		{[]string{"--messages", "100001"}, "must be 10 to"},
		{[]string{"--dir", "main.go"}, "chat: open store"},
	} {
		if code, stdout, stderr := chat(c.arguments...); code != exitFailed || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d, %q%s", c.arguments, code, stderr, stdout)
		}
	}
	if code, _, stderr := chat("--help"); code != exitFine || !strings.Contains(stderr, "keep the store in DIR") {
		t.Errorf("--help: exit code %d, %q", code, stderr)
	}
}
