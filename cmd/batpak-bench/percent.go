// Percentages on the command line.

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// percent is a fraction that is written as "10%".
type percent float64

// mostPercent is the largest that makes sense as a threshold.
const mostPercent = 1000

// UnmarshalText reads "10%" and "2.5%"; the sign may be left out.
func (p *percent) UnmarshalText(text []byte) error {
	number, _ := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return fmt.Errorf("%q is no percentage, such as 10%%", text)
	}
	if !(value >= 0 && value <= mostPercent) { // neither holds for what is not a number
		return fmt.Errorf("%q must be from 0%% to %d%%", text, mostPercent)
	}
	*p = percent(value / 100)
	return nil
}
