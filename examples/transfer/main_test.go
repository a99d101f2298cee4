// This file proves the program through its command line: what it ends with, what a second run adds, what it
// refuses, and that its proof notices what is wrong.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// outcome is what a run of the program left.
type outcome struct {
	code           int
	stdout, stderr string
}

// transferRun runs the program.
func transferRun(arguments ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), arguments, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// must runs the program and fails the test where it does not exit with 0.
func must(t *testing.T, arguments ...string) outcome {
	t.Helper()
	got := transferRun(arguments...)
	if got.code != exitFine || got.stderr != "" || strings.Contains(got.stdout, "WRONG") {
		t.Fatalf("transfer %v: exit code %d\n%s%s", arguments, got.code, got.stdout, got.stderr)
	}
	return got
}

// numbers returns the numbers that a report has behind a label.
func (o outcome) numbers(t *testing.T, label string) (numbers []int) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^` + label + ` .*$`).FindString(o.stdout)
	for _, digits := range regexp.MustCompile(`\d+`).FindAllString(line, -1) {
		var n int
		if _, err := fmt.Sscan(digits, &n); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if numbers == nil {
		t.Fatalf("the report has no line %q with numbers:\n%s", label, o.stdout)
	}
	return numbers
}

func TestTheTotalIsExactWhateverGetsInTheWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ goroutines, transfers, accounts, balance string }{
		{"16", "1500", "100", "10000"},
		{"16", "400", "2", "150"}, // every transfer is in the way of every other, and many can't be paid
		{"1", "300", "300", "0"},  // none can be paid
		{"4", "3", "2", "1000"},
		{"4", "0", "2", "1000"},
	} {
		got := must(t, "--dir", t.TempDir(), "--goroutines", c.goroutines, "--transfers", c.transfers, "--accounts", c.accounts, "--balance", c.balance)
		stored, held := got.numbers(t, "stored"), got.numbers(t, "transfers")
		if fmt.Sprint(stored[0]+stored[1]) != c.transfers || held[0] != stored[0] || held[1] != stored[1] {
			t.Errorf("%+v:\n%s", c, got.stdout)
		}
		if total := got.numbers(t, "total"); total[0] != total[1] {
			t.Errorf("%+v:\n%s", c, got.stdout)
		}
	}
}

func TestASecondRunStoresNothingTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	flags := []string{"--dir", dir, "--goroutines", "8", "--accounts", "10", "--balance", "120"}
	first := must(t, append(flags, "--transfers", "300")...)
	second := must(t, append(flags, "--transfers", "500")...)
	if got := second.numbers(t, "duplicates")[0]; got != 300 {
		t.Errorf("%d duplicates:\n%s", got, second.stdout)
	}
	stored, held, before := second.numbers(t, "stored"), second.numbers(t, "transfers"), first.numbers(t, "transfers")
	if stored[0]+stored[1] != 200 || held[0] != before[0]+stored[0] || held[1] != before[1]+stored[1] {
		t.Errorf("first:\n%ssecond:\n%s", first.stdout, second.stdout)
	}
}

func TestABankIsContinuedOnItsOwnTermsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, "--dir", dir, "--transfers", "10", "--accounts", "5", "--balance", "7", "--seed", "3")
	for _, other := range [][]string{{"--seed", "4"}, {"--accounts", "6", "--seed", "3"}, {}} {
		got := transferRun(append([]string{"--dir", dir}, other...)...)
		if want := "transfer: the bank was opened with --accounts 5 --balance 7 --seed 3\n"; got.code != exitFailed || got.stderr != want {
			t.Errorf("%v: exit code %d, %q", other, got.code, got.stderr)
		}
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arguments, want string }{
		{"--goroutines 0", "--goroutines is 0, must be from 1 to 10000"},
		{"--goroutines 10001", "--goroutines is 10001"},
		{"--transfers -1", "--transfers is -1, must be from 0"},
		{"--accounts 1", "--accounts is 1, must be from 2"},
		{"--balance -1", "--balance is -1, must be from 0"},
		{"--seed x", "invalid value"},
		{"--what", "not defined"},
		{"more", `unexpected argument "more"`},
	} {
		got := transferRun(strings.Fields(c.arguments)...)
		if got.code != exitFailed || got.stdout != "" || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: exit code %d, %q", c.arguments, got.code, got.stderr)
		}
	}
	if got := transferRun("--help"); got.code != exitFine || !strings.Contains(got.stderr, "usage: transfer --dir DIR") {
		t.Errorf("--help: exit code %d, %q", got.code, got.stderr)
	}
}

func TestAnInterruptedRunSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, interrupt := context.WithCancel(context.Background())
	set := settings{directory: dir, goroutines: 4, transfers: 1000, terms: opened{Accounts: 10, Balance: 100, Seed: 1}}
	decided := make(chan struct{}, set.transfers)
	set.decided = func() {
		if decided <- struct{}{}; len(decided) >= 20 {
			interrupt()
		}
	}
	_, err := execute(ctx, set, new(bytes.Buffer))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "start again with the same flags") {
		t.Fatalf("got %v", err)
	}
	got := must(t, "--dir", dir, "--accounts", "10", "--balance", "100", "--transfers", "1000")
	if duplicates := got.numbers(t, "duplicates")[0]; duplicates < 20 || duplicates > 30 {
		t.Errorf("%d duplicates after 20 to 30 transfers", duplicates)
	}
}

func TestTheProofNoticesWhatIsWrong(t *testing.T) {
	t.Parallel()
	terms := opened{Accounts: 4, Balance: 50, Seed: 1}
	paid := terms.transfer(11) // not made by the runs below
	for name, c := range map[string]struct {
		forge func(k kinds, b *engine.Batch)
		want  string
	}{
		"a transfer that is there twice": {func(k kinds, b *engine.Batch) {
			t := terms.transfer(3)
			debit := k.debited.AddTo(b, at(t.from), debited{3, t.amount})
			k.credited.AddTo(b, at(t.to), credited{3, t.amount}).CausedBy(debit)
		}, "transfer 3 is there twice"},
		"a debit without a credit": {func(k kinds, b *engine.Batch) {
			k.debited.AddTo(b, at(paid.from), debited{11, paid.amount})
		}, "transfer 11 is debited and not credited"},
		"a credit without a debit": {func(k kinds, b *engine.Batch) {
			k.credited.AddTo(b, at(paid.to), credited{11, paid.amount})
		}, "credits transfer 11, which was not debited before it"},
		"a credit of another amount": {func(k kinds, b *engine.Batch) {
			debit := k.debited.AddTo(b, at(paid.from), debited{11, paid.amount})
			k.credited.AddTo(b, at(paid.to), credited{11, paid.amount - 1}).CausedBy(debit)
		}, "the accounts hold 199 together, must be 200"},
		"an amount that does not follow from the seed": {func(k kinds, b *engine.Batch) {
			debit := k.debited.AddTo(b, at(paid.from), debited{11, paid.amount + 1})
			k.credited.AddTo(b, at(paid.to), credited{11, paid.amount + 1}).CausedBy(debit)
		}, "transfer 11 is of "},
		"an account below zero": {func(k kinds, b *engine.Batch) {
			k.debited.AddTo(b, at(paid.from), debited{11, 1000})
		}, "is below zero at event"},
		"an account too many": {func(k kinds, b *engine.Batch) {
			k.deposited.AddTo(b, at(4), deposited{0})
		}, "there are 5 accounts, must be 4"},
	} {
		dir := t.TempDir()
		flags := []string{"--dir", dir, "--accounts", "4", "--balance", "50", "--transfers", "10"}
		must(t, flags...)
		forge(t, dir, c.forge)
		got := transferRun(flags...)
		if got.code != exitWrong || !strings.Contains(got.stdout, "WRONG") || !strings.Contains(got.stdout, c.want) || strings.Contains(got.stdout, "checked") {
			t.Errorf("%s: exit code %d\n%s%s", name, got.code, got.stdout, got.stderr)
		}
	}
}

func TestTheProofNoticesATransferThatIsNotThere(t *testing.T) {
	t.Parallel()
	k := newKinds()
	store, err := engine.Open(t.TempDir(), engine.Options{Registry: k.registry})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	b, err := openBank(store, k, opened{Accounts: 2, Balance: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	found, err := b.inspect(1)
	if err != nil || fmt.Sprint(found.problems) != "[transfer 1 is not there]" {
		t.Errorf("got %v %v", found.problems, err)
	}
}

// forge appends what the program would not.
func forge(t *testing.T, dir string, add func(kinds, *engine.Batch)) {
	t.Helper()
	k := newKinds()
	store, err := engine.Open(dir, engine.Options{Registry: k.registry})
	if err != nil {
		t.Fatal(err)
	}
	var batch engine.Batch
	add(k, &batch)
	_, err = store.AppendBatch(&batch)
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAnEventThatIsNotTheBanksIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, "--dir", dir, "--transfers", "1")
	forge(t, dir, func(_ kinds, b *engine.Batch) { b.Add(at(0), event.Data, "note") })
	if got := transferRun("--dir", dir, "--transfers", "1"); got.code != exitFailed || !strings.Contains(got.stderr, "of kind 0x1000, which no account has") {
		t.Errorf("exit code %d, %q", got.code, got.stderr)
	}
}
