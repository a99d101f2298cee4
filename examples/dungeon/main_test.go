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
	"github.com/batpak/batpak/typestate"
)

const firstVisit = `door:1@dungeon is main.locked, at clock 0
unlock: main.locked -> main.closed: stored as 0x1001 at clock 1
refused: unlock it again: batpak: machine was used before, its state was left
open: main.closed -> main.open: stored as 0x1002 at clock 2
refused: bob locks it, as it was at clock 1: it is at clock 2
shut: main.open -> main.closed: stored as 0x1003 at clock 3
lock: main.closed -> main.locked: stored as 0x1004 at clock 4
door:1@dungeon is main.locked, at clock 4, opened so often: 1
history:
  1 0x1001 unlock map[owner:alice]
  2 0x1002 open map[by:alice]
  3 0x1003 shut map[by:alice]
  4 0x1004 lock map[owner:alice]
`

func TestAVisitGoesOnWhereTheLastOneLeftTheDoor(t *testing.T) {
	dir := t.TempDir()
	var first, second bytes.Buffer
	if err := run([]string{"--dir", dir}, &first); err != nil {
		t.Fatal(err)
	}
	if first.String() != firstVisit {
		t.Errorf("got\n%s", &first)
	}
	if err := run([]string{"--dir", dir}, &second); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(second.String(), "door:1@dungeon is main.locked, at clock 4\n") || !strings.Contains(second.String(), "\ndoor:1@dungeon is main.locked, at clock 8, opened so often: 2\n") {
		t.Errorf("got\n%s", &second)
	}
}

func TestAVisitAfterAnInterruptedOneLocksTheDoorFirst(t *testing.T) {
	for _, c := range []struct {
		interrupted func(v *visit, isLocked typestate.Machine[locked]) error
		found, told string
	}{
		{func(v *visit, isLocked typestate.Machine[locked]) error {
			_, err := move(v, isLocked, unlock, key{"carol"})
			return err
		}, "main.closed, at clock 1", "opened so often: 1\n"},
		{func(v *visit, isLocked typestate.Machine[locked]) error {
			isClosed, err := move(v, isLocked, unlock, key{"carol"})
			if err == nil {
				_, err = move(v, isClosed, enter, push{"carol"})
			}
			return err
		}, "main.open, at clock 2", "opened so often: 2\n"},
	} {
		dir := t.TempDir()
		store, err := engine.Open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		v := &visit{store: store, out: &out}
		isLocked, err := v.arrive()
		if err == nil {
			err = c.interrupted(v, isLocked)
		}
		if err = errors.Join(err, store.Close()); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err := run([]string{"--dir", dir}, &out); err != nil || !strings.HasPrefix(out.String(), "door:1@dungeon is "+c.found) || !strings.Contains(out.String(), c.told) {
			t.Errorf("%v, got\n%s", err, &out)
		}
	}
}

func TestWithoutADirectoryNothingIsLeft(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var out bytes.Buffer
	if err := run(nil, &out); err != nil || out.String() != firstVisit {
		t.Errorf("%v, got\n%s", err, &out)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
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
