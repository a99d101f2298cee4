// Tests of which states in files are believed.

package project

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
)

// texts is a Folder of which only Decode is called.
type texts struct{ Folder }

func (texts) Decode(encoded []byte) (any, int64, error) {
	return string(encoded), int64(len(encoded)), nil
}

func TestAStateIsBelievedOnlyBesideBothEventsThatItNames(t *testing.T) {
	idOf := func(sequence uint64) event.ID { return event.MakeID(sequence, 0, 0) }
	errDamaged := errors.New("damaged")
	store := func(gone ...uint64) *States {
		return New(Config{Identify: func(sequence uint64) (event.ID, error) {
			for _, g := range gone {
				if sequence == g {
					return event.ID{}, errDamaged
				}
			}
			return idOf(sequence), nil
		}})
	}
	written, err := store().head(&cache.FileState{Sequence: 9, Last: 7})
	if err != nil || event.ID(written[:16]) != idOf(9) || event.ID(written[16:]) != idOf(7) {
		t.Fatalf("the head is %x, %v", written, err)
	}
	encoded := string(written[:]) + "state"
	q := &Question{Folder: texts{}}
	for what, c := range map[string]struct {
		state  cache.FileState
		gone   uint64
		reason string // empty: it is believed
	}{
		"both":                            {state: cache.FileState{Sequence: 9, Last: 7}},
		"another up to which it goes":     {state: cache.FileState{Sequence: 10, Last: 7}, reason: "10"},
		"another newest one in it":        {state: cache.FileState{Sequence: 9, Last: 6}, reason: "6"},
		"the one up to which is damaged":  {state: cache.FileState{Sequence: 9, Last: 7}, gone: 9, reason: "damaged"},
		"the newest one in it is damaged": {state: cache.FileState{Sequence: 9, Last: 7}, gone: 7, reason: "damaged"},
	} {
		c.state.Encoded = []byte(encoded)
		kept, _, err := store(c.gone).believe(q, &c.state)
		if c.reason == "" && (kept != "state" || err != nil) || c.reason != "" && (kept != nil || err == nil || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%s: %v, %v", what, kept, err)
		}
	}
	for length := range len(written) {
		if kept, _, err := store().believe(q, &cache.FileState{Sequence: 9, Last: 7, Encoded: []byte(encoded[:length])}); err == nil {
			t.Errorf("%d bytes: %v", length, kept)
		}
	}
}
