// The proof: a store that is made, written, closed, opened again and read.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// store makes a store in the directory, as a program would, and removes it.
func (p patient) store() finding {
	directory, err := os.MkdirTemp(p.directory, ".batpak-doctor-*")
	if err == nil {
		err = errors.Join(tryStore(directory), os.RemoveAll(directory))
	}
	if err != nil {
		return finding{"store", broken, fmt.Sprintf("a store can't be used here: %v", err), advise(err)}
	}
	return finding{"store", fine, "made, written, synced, closed, opened and read", ""}
}

// tryStore stores an event, opens the store anew and expects it back.
func tryStore(directory string) (err error) {
	at, err := event.At("doctor:patient", "doctor")
	if err != nil {
		return err
	}
	payload := []byte("how are you")
	store, err := engine.Open(directory, engine.Options{})
	if err != nil {
		return fmt.Errorf("making it: %w", err)
	}
	receipt, err := store.AppendBytes(at, event.MustKind(1, 1), event.CodecRaw, payload)
	if err = errors.Join(err, store.Close()); err != nil {
		return fmt.Errorf("storing and closing: %w", err)
	}
	if store, err = engine.Open(directory, engine.Options{}); err != nil {
		return fmt.Errorf("opening it again: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	stored, err := store.Get(receipt.ID)
	if err != nil {
		return fmt.Errorf("reading what was stored: %w", err)
	}
	if !bytes.Equal(stored.Payload, payload) {
		return fmt.Errorf("what was stored came back as %d other bytes", len(stored.Payload))
	}
	return nil
}

// advise says what to do about an error of the engine.
func advise(err error) string {
	switch {
	case errors.Is(err, engine.ErrNoSpace):
		return "make room: the first segment takes 4 MiB"
	case errors.Is(err, engine.ErrLimit):
		return "raise the limit that the error names"
	case errors.Is(err, engine.ErrUnwritable), errors.Is(err, os.ErrPermission):
		return "choose a directory in which you may write"
	}
	return "choose another file system; where this one should do, tell the error to those who make the engine"
}
