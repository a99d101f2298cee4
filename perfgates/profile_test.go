// What counts as a profile, and how one is made.

package perfgates

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/rows"
)

const soundProfile = `{"name": "here", "description": "", "cpus": 2, "quick": false, "budgets": [{"row": "P4", "name": "p50", "bound": 150000, "unit": "ns"}]}`

func TestAProfileIsRead(t *testing.T) {
	p, err := ReadProfile(strings.NewReader(soundProfile))
	if err != nil || p.Name != "here" || p.CPUs != 2 || len(p.Budgets) != 1 || p.Budgets[0] != (Budget{"P4", "p50", 150000, "ns"}) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhatIsNoProfileIsRefusedByName(t *testing.T) {
	second := `, {"row": "P4", "name": "p50", "bound": 1, "unit": "ns"}]`
	for _, c := range []struct{ old, replacement, want string }{
		{`"cpus"`, `"processors"`, "processors"},
		{`"P4"`, `"P99"`, `there is no row "P99"`},
		{`"p50"`, `"p5"`, `row P4 has no result "p5"; it has "p50", "p99"`},
		{`150000`, `0`, "the bound of P4 p50 is 0"},
		{`150000`, `-1`, "the bound of P4 p50 is -1"},
		{`150000`, `1e999`, "1e999"},
		{`"ns"`, `"us"`, `the unit of P4 p50 is "us", the result's is "ns"`},
		{`"here"`, `""`, "no name"},
		{`"here"`, `"` + strings.Repeat("x", 65) + `"`, "65 bytes"},
		{`"cpus": 2`, `"cpus": -2`, "cpus is -2"},
		{`}]`, `}` + second, "two budgets"},
		{`{"row": "P4", "name": "p50", "bound": 150000, "unit": "ns"}`, ``, "no budgets"},
		{`}]}`, `}]} x`, "behind it"},
		{soundProfile, `[]`, "cannot unmarshal"},
		{soundProfile, ``, "EOF"},
	} {
		if !strings.Contains(soundProfile, c.old) {
			t.Fatalf("%s is not in the sound profile", c.old)
		}
		_, err := ReadProfile(strings.NewReader(strings.Replace(soundProfile, c.old, c.replacement, 1)))
		if !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in place of %s: %v, want one about %s", c.replacement, c.old, err, c.want)
		}
	}
}

func TestAProfileMadeByHandIsCheckedToo(t *testing.T) {
	for _, p := range []Profile{
		{Budgets: []Budget{{"P4", "p50", 1, "ns"}}},
		{Name: "here", Budgets: []Budget{{"P4", "p50", figure.None(), "ns"}}},
	} {
		if _, err := Judge(nil, nil, Machine{}, p); !errors.Is(err, ErrProfile) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestTheProfilesThatComeWithThePackageAreSound(t *testing.T) {
	profiles := Profiles()
	if len(profiles) == 0 {
		t.Fatal("there is none")
	}
	names := make(map[string]bool)
	for _, p := range profiles {
		if names[p.Name] || p.Description == "" || p.CPUs == 0 {
			t.Errorf("profile %q is there twice, or does not say what machines it is of", p.Name)
		}
		names[p.Name] = true
	}
}

func TestAProfileIsMadeOfTheWorseEndsOfWhatIsSure(t *testing.T) {
	of := func(row, name, unit string, better figure.Better, values ...float64) figure.Result {
		r := figure.Result{Row: row, Name: name, Unit: unit, Better: better, Value: values[0], Target: figure.None()}
		for _, v := range values {
			r.Rounds = append(r.Rounds, figure.Round{Value: v, Reference: 1})
		}
		return r
	}
	unjudged := of("P4", "p99", "ns", figure.Smaller, 1, 1, 1, 1, 1, 1)
	unjudged.Unjudged = "no disk"
	p, err := NewProfile("made", "here", []figure.Result{
		of("P4", "p50", "ns", figure.Smaller, 101234, 1, 1, 1, 1, 101234),
		of("P14", "checked", "events/s", figure.Larger, 3_000_000, 4e6, 4e6, 4e6, 4e6, 4e6),
		of("P24", "hit, warm, p50", "ns", figure.Smaller, 0.0101, 0.0101, 0.0101, 0.0101, 0.0101, 0.0101),
		of("P1", "append", "ns", figure.Smaller, 1, 2, 3),                                  // too few rounds
		of("P11", "chain on", "bytes/event", figure.Smaller, 1, 1, 1, 1, 1, 1),             // a size
		of("P5", "64 callers, beside pebble", "events/s", figure.Larger, 1, 1, 1, 1, 1, 1), // not everybody has it
		unjudged,
	}, 1.5)
	want := []Budget{{"P4", "p50", 152000, "ns"}, {"P14", "checked", 2000000, "events/s"}, {"P24", "hit, warm, p50", 0.0152, "ns"}}
	if err != nil || p.Name != "made" || len(p.Budgets) != len(want) {
		t.Fatalf("%+v, %v", p, err)
	}
	for i := range want {
		if p.Budgets[i] != want[i] {
			t.Errorf("%+v, want %+v", p.Budgets[i], want[i])
		}
	}
	for _, headroom := range []float64{0.9, 101, figure.None()} {
		if _, err := NewProfile("made", "", nil, headroom); err == nil || !strings.Contains(err.Error(), "headroom") {
			t.Errorf("headroom %v: %v", headroom, err)
		}
	}
	if _, err := NewProfile("made", "", nil, 2); err == nil || !strings.Contains(err.Error(), "no budget") {
		t.Errorf("of nothing: %v", err)
	}
}

func TestEveryRowThatJudgesIsInTheCatalogue(t *testing.T) {
	given := make(map[string]bool)
	for _, k := range rows.Catalogue() {
		if given[k.Row+" "+k.Name] || k.Unit == "" || k.Better == "" {
			t.Errorf("%+v is there twice, or not whole", k)
		}
		given[k.Row], given[k.Row+" "+k.Name] = true, true
	}
	for _, row := range rows.All() {
		if !given[row.ID] {
			t.Errorf("row %s gives no result", row.ID)
		}
	}
}
