// Numbers: as they are shown, and as they stand in the page's JSON.

package htmlreport

import (
	"strconv"

	"github.com/batpak/batpak/perfgates/figure"
)

// number is a float that is null in JSON when it is missing.
type number float64

// MarshalJSON writes the shortest text that reads back as the same number.
func (n number) MarshalJSON() ([]byte, error) {
	if figure.Missing(float64(n)) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// shown is a number, or a word, with the place in the JSON that it must agree with.
type shown struct {
	In, Row, Name, Key string // array, its element by row and name, and the keys from there on, separated by slashes
	Text               string
}

// place is an element of one of the JSON's arrays.
type place struct{ in, row, name string }

func (p place) quantity(key string, v float64, unit string) shown {
	if unit == "" {
		return p.figure(key, v)
	}
	return p.word(key, figure.Quantity(v, unit))
}

func (p place) figure(key string, v float64) shown { return p.word(key, figure.Number(v)) }

// count shows a whole number.
func (p place) count(key string, n int) shown { return p.word(key, strconv.Itoa(n)) }

// percent shows a fraction as a percentage with its sign.
func (p place) percent(key string, v float64) shown {
	text := "-"
	if !figure.Missing(v) {
		text = strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
		if v > 0 {
			text = "+" + text
		}
	}
	return p.word(key, text)
}

func (p place) word(key, text string) shown { return shown{p.in, p.row, p.name, key, text} }
