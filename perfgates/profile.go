// Profiles: absolute budgets for a class of hardware.

package perfgates

import (
	"errors"
	"io"
)

// Profile adds absolute budgets to the ratios that hold everywhere. The zero value adds none.
type Profile struct {
	Name        string   `json:"name"`
	Description string   `json:"description"` // which machines are of this class
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

// ReadProfile reads a profile from JSON. Unknown fields, rows and results, bounds that are no positive numbers and units that are
// not the result's are errors that wrap ErrProfile and name them.
func ReadProfile(r io.Reader) (Profile, error) { return Profile{}, ErrProfile }

// Profiles returns the profiles that come with the package, by name.
func Profiles() []Profile { return nil }
