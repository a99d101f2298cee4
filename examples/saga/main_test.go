// This file proves the program through its command line: what it ends with, killed or not, what a second run adds, what it refuses, and
// that its proof notices what is wrong.

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" { // of a run with --kill
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// outcome is what a run of the program left.
type outcome struct {
	code           int
	stdout, stderr string
}

func sagaRun(arguments ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), arguments, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// must runs the program and fails the test unless everything is proved.
func must(t *testing.T, arguments ...string) outcome {
	t.Helper()
	got := sagaRun(arguments...)
	if got.code != exitFine || got.stderr != "" || strings.Count(got.stdout, "ok   ") != 7 || strings.Contains(got.stdout, "WRONG") {
		t.Fatalf("saga %v: exit code %d\n%s%s", arguments, got.code, got.stdout, got.stderr)
	}
	return got
}

func TestEveryOrderEndsOnce(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--orders", "100", "--dir", t.TempDir()},
		{"--orders", "60", "--customers", "1", "--products", "1"}, // every step is in the way of every other
		{"--orders", "1", "--seed", "77"},
		{"--orders", "5", "--customers", "300", "--products", "300"},
	} {
		must(t, arguments...)
	}
}

func TestSomeOrdersEndInEachWay(t *testing.T) {
	t.Parallel()
	got := must(t, "--orders", "200", "--seed", "1")
	ends := regexp.MustCompile(`(\d+) shipped, (\d+) rejected, (\d+) cancelled`).FindStringSubmatch(got.stdout)
	if len(ends) != 4 || ends[1] == "0" || ends[2] == "0" || ends[3] == "0" {
		t.Errorf("%v", ends)
	}
}

func TestEveryOrderEndsOnceHoweverOftenTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := must(t, "--kill", "--orders", "120", "--seed", "3", "--dir", dir)
	if killed := strings.Count(got.stdout, "was killed at its call"); killed < 3 {
		t.Errorf("it was killed %d times:\n%s", killed, got.stdout)
	}
	if strings.Contains(got.stdout, "payment  120 events") {
		t.Errorf("the last run did everything:\n%s", got.stdout)
	}
	again := must(t, "--orders", "120", "--seed", "3", "--dir", dir)
	events := regexp.MustCompile(`in \d+ events`)
	if first, second := events.FindString(got.stdout), events.FindString(again.stdout); first != second || !strings.Contains(again.stdout, "payment  0 events, 0 reactions") {
		t.Errorf("a further run adds events: %s, %s", first, second)
	}
}

func TestOtherTermsThanThoseOfTheShopAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, "--orders", "3", "--dir", dir)
	got := sagaRun("--orders", "4", "--dir", dir)
	if got.code != exitFailed || !strings.Contains(got.stderr, "opened with --orders 3 --customers 20 --products 10 --seed 1") {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
	got = sagaRun("--kill", "--orders", "4", "--dir", dir)
	if got.code != exitFailed || !strings.Contains(got.stderr, "life 1: the child: exit status 2") {
		t.Errorf("as a child: exit code %d, %q", got.code, got.stderr)
	}
}

func TestWhatIsWrongIsNoticed(t *testing.T) {
	t.Parallel()
	for what, added := range map[string]struct {
		at      event.Coordinate
		kind    event.Kind
		payload any
	}{
		"each ended, once":      {order{Number: 2}.at(), shipped, terms{3, 20, 10, 1}.order(2)},
		"orders were placed":    {order{Number: 4}.at(), placed, terms{3, 20, 10, 1}.order(4)},
		"money: ":               {account(1), refunded, moved{0, 5}},
		"goods: ":               {stockOf(1), taken, moved{0, -1}},
		"was ever below zero":   {account(2), charged, moved{0, -1000}},
		"every step was caused": {account(2), charged, moved{1, -1}},
	} {
		dir := t.TempDir()
		must(t, "--orders", "3", "--dir", dir)
		store, err := engine.Open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Append(added.at, added.kind, added.payload)
		if err := errors.Join(err, store.Close()); err != nil {
			t.Fatal(err)
		}
		got := sagaRun("--orders", "3", "--dir", dir)
		wrong := regexp.MustCompile(`(?m)^WRONG .*` + regexp.QuoteMeta(what))
		if got.code != exitWrong || !wrong.MatchString(got.stdout) {
			t.Errorf("%s: exit code %d\n%s%s", what, got.code, got.stdout, got.stderr)
		}
	}
}

func TestFlagsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range [][]string{
		{"--orders", "0"}, {"--orders", "1000001"}, {"--customers", "0"}, {"--customers", "100001"}, {"--products", "0"},
		{"--products", "100001"}, {"--die", "-1"}, {"--die", "1", "--kill"}, {"more"}, {"--nothing"},
	} {
		got := sagaRun(c...)
		if got.code != exitFailed || !strings.HasPrefix(got.stderr, "saga: ") || got.stdout != "" {
			t.Errorf("%v: exit code %d, %q, %q", c, got.code, got.stdout, got.stderr)
		}
	}
	if got := sagaRun("--help"); got.code != exitFine || !strings.Contains(got.stderr, "usage: saga") {
		t.Errorf("--help: exit code %d, %q", got.code, got.stderr)
	}
}
