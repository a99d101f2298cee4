// What is told of the machine, and that it survives being stored.

package perfgates

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
)

func TestAMachineIsReadAgainAsItWas(t *testing.T) {
	want := Machine{
		Processor: "a", CPUs: 2, OS: "b", Kernel: "c", Arch: "d", Go: "e", Memory: 1 << 40, FileSystem: "f", Device: "g", WriteCache: "h",
		HugePages: "i", Features: []string{"avx2"}, Load: 0.1,
		Floors: []Floor{{"F0 p50", 1.0 / 3, "ns", []figure.Detail{{Key: "n", Value: int64(5)}, {Key: "spread", Value: 0.5}}}},
	}
	for i := range reflect.TypeOf(want).NumField() {
		if reflect.ValueOf(want).Field(i).IsZero() {
			t.Errorf("%s is not set, so that its loss would not be seen", reflect.TypeOf(want).Field(i).Name)
		}
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Machine
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v\nfrom %s", err, got, want, text)
	}
}

func TestAFloorThatCouldNotBeMeasuredStaysOne(t *testing.T) {
	text, err := json.Marshal(Floor{Name: "F0 flushes per commit", Value: figure.None(), Unit: "flushes"})
	if err != nil {
		t.Fatal(err)
	}
	var got Floor
	if err := json.Unmarshal(text, &got); err != nil || !figure.Missing(got.Value) || got.Name == "" || got.Unit == "" {
		t.Errorf("%+v, %v from %s", got, err, text)
	}
}

func TestAMachineIsDescribedInOneLine(t *testing.T) {
	m := Describe(t.TempDir())
	if m.CPUs < 1 || m.Go == "" || !strings.Contains(m.String(), m.Go) || strings.Contains(m.String(), "\n") {
		t.Errorf("%+v: %s", m, m)
	}
	m = Machine{CPUs: 3, Memory: 3 << 29, FileSystem: "xfs", Device: "/dev/x", WriteCache: "write through"}
	for _, want := range []string{"unknown processor", "3 CPUs", "1.5 GiB", "xfs on /dev/x", "write through"} {
		if !strings.Contains(m.String(), want) {
			t.Errorf("%q is missing in %q", want, m)
		}
	}
}

func TestAnInterruptedProbeSaysSoAndLeavesNothingBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	directory := t.TempDir()
	if _, err := Probe(ctx, ProbeOptions{Directory: directory, Quick: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEveryResultIsToldHowFastTheMachineWas(t *testing.T) {
	results, err := Measure(t.Context(), Config{Directory: t.TempDir(), Rows: only(t, "P23"), Quick: true, Duration: time.Millisecond})
	if err != nil || len(results) == 0 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for _, r := range results {
		if !(r.Calibration > 0) || r.Calibration != results[0].Calibration {
			t.Errorf("%s: %v ns", r.Name, r.Calibration)
		}
	}
}

func TestDurationsOutOfRangeAreRefused(t *testing.T) {
	for _, c := range []Config{{Duration: -1}, {Duration: time.Hour + 1}, {Sustained: -1}, {Sustained: 2*time.Hour + 1}} {
		if _, err := Measure(t.Context(), c); err == nil || !strings.Contains(err.Error(), "must be from 0s") {
			t.Errorf("%v, %v: %v", c.Duration, c.Sustained, err)
		}
	}
}
