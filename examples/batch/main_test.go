// This file proves what the program prints, on a new store and on one that it has filled, and that it notices what
// does not hold.

package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// printed is what the program prints on a new store, but for the words of errors.
const printed = `A delivery, two events in one batch:
      1 stock:tea clock 1: stock.received {Count:10}
      2 stock:cup clock 1: stock.received {Count:4}
An order, its lines, and what they reserve, in one batch:
      3 order:1001 clock 1: order.placed {Customer:ann}
      4 order:1001 clock 2: order.line {Item:tea Count:2}, caused by 3
      5 stock:tea clock 2: stock.reserved {Order:order:1001 Count:2}, caused by 4
      6 order:1001 clock 3: order.line {Item:cup Count:1}, caused by 3
      7 stock:cup clock 2: stock.reserved {Order:order:1001 Count:1}, caused by 6
ok    the events stand one behind the other
ok    the order caused its line, the line the reservation
ok    which is two steps from the order
An order that rests on stock which has changed:
      ERROR
ok    the error names item 2, a reservation, and the stage "condition"
ok    and that clock 1 of stock:tea was wanted and 2 is there
ok    nothing of the batch is stored, also not the items before
The first order once more, with its key, as after a lost answer:
ok    the receipts are those of the first time, marked as duplicates
ok    nothing is stored, and the expectations, which no longer hold, don't matter
Another order with that key:
      ERROR
ok    it is refused
ok    nothing is stored
`

// errorLine is one that shows an error, whose words are the engine's.
var errorLine = regexp.MustCompile(`(?m)^      batpak: .*$`)

// batchRun runs the program. Errors that it shows are replaced by the word ERROR.
func batchRun(arguments ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(arguments, &out, &errs)
	return code, errorLine.ReplaceAllString(out.String(), "      ERROR"), errs.String()
}

func TestEveryClaimHoldsOnANewStore(t *testing.T) {
	code, stdout, stderr := batchRun()
	if code != exitFine || stderr != "" || stdout != printed {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestASecondRunFindsAllByItsKeys(t *testing.T) {
	dir := t.TempDir()
	if code, stdout, stderr := batchRun("--dir", dir); code != exitFine || stdout != printed {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr := batchRun("--dir", dir)
	if code != exitFine || stderr != "" || strings.ReplaceAll(stdout, ", stored by an earlier run", "") != printed || strings.Count(stdout, "earlier run") != 7 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestAClaimThatDoesNotHoldIsNoticed(t *testing.T) {
	dir := t.TempDir()
	if code, stdout, stderr := batchRun("--dir", dir); code != exitFine {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	k := newKinds()
	store, err := engine.Open(dir, engine.Options{Registry: k.registry})
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.placed.Append(store, orderAt(1002), placed{"bob"}) // as if a part of a failed batch was there
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := batchRun("--dir", dir)
	if code != exitWrong || stderr != "" || !strings.Contains(stdout, "WRONG nothing of the batch is stored") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestBadArgumentsAndStoresAreNamed(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"more"}, `batch: unexpected argument "more"`},
		{[]string{"--what"}, "flag provided but not defined"},
		{[]string{"--dir", "main.go"}, "batch: open store"},
	} {
		if code, stdout, stderr := batchRun(c.arguments...); code != exitFailed || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d, %q%s", c.arguments, code, stderr, stdout)
		}
	}
	if code, _, stderr := batchRun("--help"); code != exitFine || !strings.Contains(stderr, "keep the store in DIR") {
		t.Errorf("--help: exit code %d, %q", code, stderr)
	}
}
