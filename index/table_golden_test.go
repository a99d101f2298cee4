// The golden file: the bytes of the sections of version 1. A change here is a change of the format.

package index

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/batpak/batpak/internal/checked"
)

var updateTable = flag.Bool("update-table", false, "write the golden file of tables anew")

const goldenTable = "testdata/table-v1.golden"

// goldenEvents are 100 events with every form of name and of postings.
func goldenEvents() []indexed {
	long := string(bytes.Repeat([]byte("long "), 20))
	events := make([]indexed, 100)
	for i := range events {
		ev := &events[i]
		*ev = indexed{
			entity: fmt.Sprintf("player:%03d", i/3), scope: "room:all", kind: 0x1001,
			place: Place{uint32(i), uint32(i % 4), 1_763_875_200_000 + uint64(i/4), 1_763_875_200_000_000 + int64(i*250)},
		}
		switch {
		case i%10 == 0:
			ev.entity, ev.scope = long+"a", "room:few"
		case i == 51:
			ev.entity = long + "b: one whose own piece is long"
		case i == 53:
			ev.entity = "x" // its first event
		case i == 52:
			ev.entity, ev.kind, ev.gate = "größe", 0xF00D, 2
		}
		if i%3 == 0 {
			ev.gate, ev.tags = 1, []string{"loot", fmt.Sprint("n", i)}
		}
		if i > 90 {
			ev.place.Timestamp -= 5_000_000 // a clock that was set back
		}
	}
	return events
}

func TestTheGoldenTableIsWrittenAndReadByteForByte(t *testing.T) {
	events := goldenEvents()
	f := footerOf(t, tailOf(t, events))
	got := f.bytes[:f.places[sectionLinks][0]] // run files have a golden file of their own
	if *updateTable {
		if err := os.WriteFile(goldenTable, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenTable)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		at := 0
		for at < len(got) && at < len(want) && got[at] == want[at] {
			at++
		}
		t.Fatalf("%d bytes, want %d; they differ from byte %d on", len(got), len(want), at)
	}
	data := append(bytes.Clone(want), f.bytes[len(want):]...)
	table := f.open(t, uint32(len(events)), data, checked.AppendSums(nil, data))
	modelOf(events).ask(table, func(what string) { t.Error(what) }, func(err error) { t.Fatal(err) })
}
