// Profiles: absolute budgets for a class of hardware.

package perfgates

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/rows"
)

// Profile adds absolute budgets to the ratios that hold everywhere. The zero value adds none.
type Profile struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`    // which machines are of this class, and where the figures come from
	CPUs        int      `json:"cpus,omitempty"` // a machine with fewer is not of the class: nothing is judged there
	Quick       bool     `json:"quick"`          // the figures are of a quick run's small stores, and only such a run is judged by them
	Budgets     []Budget `json:"budgets"`
}

// Budget bounds the value of one result.
type Budget struct {
	Row   string  `json:"row"`
	Name  string  `json:"name"`  // of the result
	Bound float64 `json:"bound"` // not to be exceeded, of results that are better larger not to be undercut
	Unit  string  `json:"unit"`  // must be the result's
}

// ErrProfile says that a profile is none.
var ErrProfile = errors.New("perfgates: not a profile")

// ReadProfile reads a profile from JSON. Unknown fields, rows and results, two budgets for one result, bounds that are no positive
// numbers, units that are not the result's, a profile without a name or without budgets, and anything behind it are errors that wrap
// ErrProfile and say which. Results beside other people's stores can't be named: the same value stands in others.
func ReadProfile(r io.Reader) (Profile, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var p Profile
	if err := decoder.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, fmt.Errorf("%w: something follows behind it", ErrProfile)
	}
	switch {
	case p.Name == "":
		return Profile{}, fmt.Errorf("%w: it has no name", ErrProfile)
	case len(p.Budgets) == 0:
		return Profile{}, fmt.Errorf("%w: %q has no budgets", ErrProfile, p.Name)
	}
	if err := p.check(); err != nil {
		return Profile{}, err
	}
	return p, nil
}

// check refuses budgets that nothing can be judged by. The zero profile is fine.
func (p Profile) check() error {
	if len(p.Budgets) > 0 && p.Name == "" {
		return fmt.Errorf("%w: it has no name", ErrProfile)
	}
	if len(p.Name) > longestProfileName {
		return fmt.Errorf("%w: its name has %d bytes, %d are allowed", ErrProfile, len(p.Name), longestProfileName)
	}
	if p.CPUs < 0 {
		return fmt.Errorf("%w: %q: cpus is %d, must be 0 or more", ErrProfile, p.Name, p.CPUs)
	}
	known := make(map[resultKey]rows.Known)
	isRow := make(map[string]bool)
	for _, k := range rows.Catalogue() {
		known[resultKey{k.Row, k.Name}] = k
		isRow[k.Row] = true
	}
	seen := make(map[resultKey]bool)
	for _, b := range p.Budgets {
		key := resultKey{b.Row, b.Name}
		result, there := known[key]
		var wrong string
		switch {
		case !isRow[b.Row]:
			wrong = fmt.Sprintf("there is no row %q", b.Row)
		case !there:
			wrong = fmt.Sprintf("row %s has no result %q; it has %s", b.Row, b.Name, resultsOf(b.Row))
		case !(b.Bound > 0) || math.IsInf(b.Bound, 0):
			wrong = fmt.Sprintf("the bound of %s is %v, must be a positive number", key, b.Bound)
		case b.Unit != result.Unit:
			wrong = fmt.Sprintf("the unit of %s is %q, the result's is %q", key, b.Unit, result.Unit)
		case seen[key]:
			wrong = fmt.Sprintf("%s has two budgets", key)
		}
		if wrong != "" {
			return fmt.Errorf("%w: %q: %s", ErrProfile, p.Name, wrong)
		}
		seen[key] = true
	}
	return nil
}

// longestProfileName keeps the names of gates, which hold it, within what a set takes.
const longestProfileName = 64

// resultsOf lists what a row gives.
func resultsOf(row string) string {
	var names []string
	for _, k := range rows.Catalogue() {
		if k.Row == row {
			names = append(names, fmt.Sprintf("%q", k.Name))
		}
	}
	return strings.Join(names, ", ")
}

// budget returns the budget of a result, and whether there is one.
func (p Profile) budget(row, name string) (Budget, bool) {
	for _, b := range p.Budgets {
		if b.Row == row && b.Name == name {
			return b, true
		}
	}
	return Budget{}, false
}

// NewProfile makes the budgets of a profile from what was measured: of each time and rate that is sure enough for an interval its worse end, times
// headroom, or divided by it where larger is better. It leaves out counts and sizes, which a ratio bounds everywhere, and what this
// machine could not judge. headroom is from 1 to 100; 1.5 lets figures become half as bad again. The error says that it is not,
// or that nothing was left to make a budget of.
func NewProfile(name, description string, results []figure.Result, headroom float64) (Profile, error) {
	if !(headroom >= 1 && headroom <= 100) {
		return Profile{}, fmt.Errorf("perfgates: the headroom is %v, must be from 1 to 100", headroom)
	}
	p := Profile{Name: name, Description: description}
	known := make(map[resultKey]bool)
	for _, k := range rows.Catalogue() {
		known[resultKey{k.Row, k.Name}] = true
	}
	for _, r := range results {
		low, high, ok := r.ValueInterval()
		if !ok || r.Counted || r.Unjudged != "" || !r.Timed() || !known[resultKey{r.Row, r.Name}] {
			continue
		}
		bound := threeDigits(high*headroom, math.Ceil)
		if r.Better == figure.Larger {
			bound = threeDigits(low/headroom, math.Floor)
		}
		if bound > 0 && !figure.Missing(bound) {
			p.Budgets = append(p.Budgets, Budget{r.Row, r.Name, bound, r.Unit})
		}
	}
	if len(p.Budgets) == 0 {
		return Profile{}, errors.New("perfgates: no budget for a profile: no time and no rate has an interval, for which it needs six rounds")
	}
	return p, p.check()
}

// threeDigits returns a number with three significant digits, 0 for what is not positive.
func threeDigits(v float64, round func(float64) float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0
	}
	place := math.Floor(math.Log10(v)) - 2
	if place >= 0 {
		unit := math.Pow(10, place)
		return round(v/unit) * unit
	}
	unit := math.Pow(10, -place) // dividing by a whole number leaves no digits behind the third
	return round(v*unit) / unit
}

//go:embed profiles/*.json
var shipped embed.FS

// Profiles returns the profiles that come with the package, by name.
func Profiles() []Profile {
	names, err := fs.Glob(shipped, "profiles/*.json")
	if err != nil {
		panic(err) // the pattern is a sound one
	}
	var profiles []Profile
	for _, name := range names {
		f, err := shipped.Open(name)
		if err != nil {
			panic(err) // it is part of the program
		}
		p, err := ReadProfile(f)
		_ = f.Close() // nothing was written
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err)) // a test reads all of them
		}
		profiles = append(profiles, p)
	}
	return profiles
}
