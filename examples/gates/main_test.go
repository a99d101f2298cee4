// This file proves what the program says.

package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/gate"
)

const firstDay = `day:1: 10 packets of tea, ann has a credit of 50.00, gates [stock credit market hours]
passed:   2 tea for 12.00 at 10:00, stored at clock 2: passed [stock credit market hours]
denied:   50 tea for 30.00 at 10:00
          batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=8 wanted=50)
          for programs: OUT_OF_STOCK, 8 left
denied:   50 tea for 300.00 at 3:00, by 3 gates
          batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=8 wanted=50)
          batpak: gate credit denied: NO_CREDIT: the customer can't pay that (credit=3800 price=30000)
          batpak: gate "market hours" denied: CLOSED: the market is open from 9 to 17 (hour=3)
bypassed: 1 tea for 6.00 at 22:00, hospital at night
refused:  the same receipt again: batpak: gate receipt was used before
passed:   4 tea for 24.00 at 16:00
refused:  the same by the same facts: the gates let it pass, but something was sold since
denied:   the same by new facts
          batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=3 wanted=4)
audit:
  customer:ann@day:1: 1 tea for 6.00 at 22:00 past [stock credit market hours]: hospital at night (phone call with the market's head, ticket 7)
  1 past the gates, 2 through them
`

func TestADayAtTheMarket(t *testing.T) {
	dir := t.TempDir()
	var first, second bytes.Buffer
	if err := run([]string{"--dir", dir}, &first); err != nil {
		t.Fatal(err)
	}
	if first.String() != firstDay {
		t.Errorf("got\n%s", &first)
	}
	if err := run([]string{"--dir", dir}, &second); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(second.String(), "day:2: ") || !strings.HasSuffix(second.String(), "\n  2 past the gates, 4 through them\n") || strings.Count(second.String(), "hospital at night (") != 2 {
		t.Errorf("the second day:\n%s", &second)
	}
}

func TestWithoutADirectoryNothingIsLeft(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var out bytes.Buffer
	if err := run(nil, &out); err != nil || out.String() != firstDay {
		t.Errorf("%v, got\n%s", err, &out)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestADayThatWasInterruptedDoesNotDisturbTheNext(t *testing.T) {
	dir := t.TempDir()
	store, err := engine.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	day, err := openMarket(store, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := day.passes(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"--dir", dir}, &out); err != nil || !strings.HasSuffix(out.String(), "\n  1 past the gates, 3 through them\n") {
		t.Errorf("%v, got\n%s", err, &out)
	}
}

func TestEachGateDeniesAtItsBorder(t *testing.T) {
	set, err := gates()
	if err != nil {
		t.Fatal(err)
	}
	fine := facts{order: order{Item: tea, Count: 3, Cents: 100, Hour: 9}, left: 3, credit: 100}
	for code, change := range map[string]func(*facts){
		"":             func(*facts) {},
		"OUT_OF_STOCK": func(f *facts) { f.left = 2 },
		"NO_CREDIT":    func(f *facts) { f.credit = 99 },
		"CLOSED":       func(f *facts) { f.order.Hour = 17 },
	} {
		known := fine
		change(&known)
		_, err := gate.Evaluate(set, known, gate.Propose(known.order))
		var denial *gate.Denial
		if errors.As(err, &denial) != (code != "") || denial != nil && denial.Code != code {
			t.Errorf("got %v, want %q", err, code)
		}
	}
}

func TestWrongArgumentsAreErrors(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"more"}, &out); err == nil {
		t.Error("an argument that does not exist")
	}
	if err := run([]string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	if err := run([]string{"--dir", "main.go"}, &out); !errors.Is(err, engine.ErrNotDirectory) {
		t.Errorf("got %v", err)
	}
}
