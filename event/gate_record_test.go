// Tests of gate records.

package event_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

func goldenGateRecord() *event.GateRecord {
	return &event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"auth", "quota"}, Reason: "outage", Justification: "approved: ops"}
}

func TestAGateRecordHasItsGoldenBytes(t *testing.T) {
	record := goldenGateRecord()
	b, err := record.AppendBinary([]byte{0xee})
	const want = "ee" + "01" + "02" + "02" + "04" + "61757468" + "05" + "71756f7461" + "0600" + "6f7574616765" + "0d00" + "617070726f7665643a206f7073"
	if err != nil || hex.EncodeToString(b) != want {
		t.Errorf("got %x, %v, want %s", b, err, want)
	}
	if record.Size() != len(b)-1 {
		t.Errorf("Size is %d, want %d", record.Size(), len(b)-1)
	}
	if got, want := record.Digest(), "b445abf791f3b38d3a1987588238dcd4d81ecde27fae34fbbba2fd8918bb341e"; got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got, err := event.DecodeGateRecord(b[1:])
	if err != nil || !reflect.DeepEqual(got, record) {
		t.Errorf("got %+v, %v", got, err)
	}
	for i := range b {
		b[i] = 0xff
	}
	if !reflect.DeepEqual(got, record) {
		t.Error("the record shares memory with its encoding")
	}
}

func TestGateRecordsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &event.GateRecord{
			Outcome: event.GatePassed,
			Gates:   rapid.SliceOfN(rapid.StringN(1, 20, event.MaxGateName), 0, 20).Draw(t, "gates"),
		}
		if rapid.Bool().Draw(t, "bypassed") {
			want.Outcome = event.GateBypassed
			want.Reason = rapid.StringN(1, 300, -1).Draw(t, "reason")
			want.Justification = rapid.StringN(0, 300, -1).Draw(t, "justification")
		}
		b, err := want.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := event.DecodeGateRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encoded again as %x, %v, want %x", again, err, b)
		}
		if got.Digest() != want.Digest() || len(got.Gates) != len(want.Gates) || got.Reason != want.Reason || got.Justification != want.Justification {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if _, err := event.DecodeGateRecord(append(b, 0)); !errors.Is(err, event.ErrInvalid) {
			t.Fatalf("with a byte more: %v", err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, err := event.DecodeGateRecord(b[:cut]); !errors.Is(err, event.ErrInvalid) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	})
}

func TestGateRecordsOutsideTheirLimitsAreRefused(t *testing.T) {
	long := strings.Repeat("x", event.MaxGateName+1)
	for text, record := range map[string]event.GateRecord{
		"gate.outcome: 0, want":                 {},
		"gate.outcome: 3, want":                 {Outcome: 3},
		"gate.gates: 256 gates, at most 255":    {Outcome: 1, Gates: make([]string, 256)},
		"gate.gates[1]: empty":                  {Outcome: 1, Gates: []string{"a", ""}},
		"gate.gates[0]: 256 bytes, at most 255": {Outcome: 1, Gates: []string{long}},
		"gate.gates[0]: not valid UTF-8":        {Outcome: 1, Gates: []string{"\xff"}},
		"gate.reason: empty":                    {Outcome: 2, Justification: "because"},
		"gate.reason: given":                    {Outcome: 1, Reason: "because"},
		"gate.justification: given":             {Outcome: 1, Justification: "because"},
		"gate.reason: not valid UTF-8":          {Outcome: 2, Reason: "\xff"},
		"gate.justification: not valid UTF-8":   {Outcome: 2, Reason: "a", Justification: "\xff"},
		"gate: 8193 bytes, at most 8192":        {Outcome: 2, Reason: strings.Repeat("x", 8193-7)},
		"gate: 70007 bytes, at most 8192":       {Outcome: 2, Reason: strings.Repeat("x", 70000)},
	} {
		prefix := []byte("kept")
		got, err := record.AppendBinary(prefix)
		if err == nil || !strings.Contains(err.Error(), text) || !errors.Is(err, event.ErrInvalid) || string(got) != "kept" {
			t.Errorf("got %q, %v, want %s", got, err, text)
		}
	}
	largest := event.GateRecord{Outcome: event.GateBypassed, Reason: strings.Repeat("x", event.MaxGateRecord-7)}
	b, err := largest.AppendBinary(nil)
	if err != nil || len(b) != event.MaxGateRecord {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
}

func TestACloneOfAGateRecordIsItsOwn(t *testing.T) {
	record := goldenGateRecord()
	clone := record.Clone()
	record.Gates[0] = "changed"
	if !reflect.DeepEqual(clone, goldenGateRecord()) {
		t.Errorf("got %+v", clone)
	}
	if (*event.GateRecord)(nil).Clone() != nil {
		t.Error("a clone of none is none")
	}
}

func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzDecodeGateRecord(f *testing.F) {
	for _, record := range []*event.GateRecord{goldenGateRecord(), {Outcome: event.GatePassed}, {Outcome: event.GatePassed, Gates: []string{"a", "b"}}} {
		b, err := record.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{1, 1, 255, 255})
	f.Add([]byte{1, 2, 0, 255, 255, 'x'})
	f.Add([]byte{2, 1, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var record *event.GateRecord
		var err error
		took := allocated(func() { record, err = event.DecodeGateRecord(b) })
		if limit := 2*uint64(len(b)) + 1<<20; took > limit {
			t.Errorf("allocated %d bytes for %d", took, len(b))
		}
		if err != nil {
			if !errors.Is(err, event.ErrInvalid) || record != nil {
				t.Errorf("got %v, %v", record, err)
			}
			return
		}
		if again, err := record.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x was encoded again as %x, %v", b, again, err)
		}
	})
}
