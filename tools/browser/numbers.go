// Numbers as people see them, compared with what they were before rounding.

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// agrees returns an error unless the text says the value, to the digits that it shows.
func agrees(text string, value any, unit string) error {
	text = strings.TrimSpace(text)
	switch value := value.(type) {
	case nil:
		if text != "-" {
			return fmt.Errorf("shown is %q, the JSON has none", text)
		}
		return nil
	case string:
		if text != strings.TrimSpace(value) {
			return fmt.Errorf("shown is %q, the JSON has %q", text, value)
		}
		return nil
	case float64:
		shown, precision, err := number(text, unit)
		if err != nil {
			return err
		}
		// Half of the last digit shown, and what two ways of rounding may differ by.
		if math.Abs(shown-value) > precision*(0.5+1e-6)+math.Abs(value)*1e-9 {
			return fmt.Errorf("shown is %q, the JSON has %v %s", text, value, unit)
		}
		return nil
	}
	return fmt.Errorf("shown is %q, the JSON has %v, which is neither number nor text", text, value)
}

// number reads a shown number in the unit of the JSON, and the worth of its last digit.
func number(text, unit string) (value, precision float64, err error) {
	digits := len(text) - len(strings.TrimLeft(text, "+-0123456789.,"))
	if at := digits; at < len(text)-1 && text[at] == 'e' { // 1.2e-05
		digits = at + 1 + len(text[at+1:]) - len(strings.TrimLeft(text[at+1:], "+-0123456789"))
	}
	plain := strings.ReplaceAll(text[:digits], ",", "")
	value, err = strconv.ParseFloat(plain, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("shown is %q, which is no number", text)
	}
	scale, err := scaleOf(strings.TrimSpace(text[digits:]), unit)
	if err != nil {
		return 0, 0, fmt.Errorf("shown is %q: %w", text, err)
	}
	mantissa, exponent, _ := strings.Cut(plain, "e")
	power := 0
	if exponent != "" {
		if power, err = strconv.Atoi(exponent); err != nil {
			return 0, 0, fmt.Errorf("shown is %q, which is no number: %w", text, err)
		}
	}
	if _, fraction, found := strings.Cut(mantissa, "."); found {
		power -= len(fraction)
	}
	return value * scale, math.Pow(10, float64(power)) * scale, nil
}

// scaleOf returns by what a number with the words behind it is to be multiplied.
func scaleOf(words, unit string) (float64, error) {
	scale := 1.0
	if rest, found := strings.CutPrefix(words, "M"); found && (rest == "" || rest[0] == ' ') {
		scale, words = 1e6, strings.TrimSpace(rest)
	}
	if words == "" || words == unit {
		return scale, nil
	}
	if unit == "ns" {
		if times, known := map[string]float64{"us": 1e3, "ms": 1e6, "s": 1e9}[words]; known {
			return scale * times, nil
		}
	}
	if times, known := map[string]float64{"%": 0.01, "k": 1e3, "G": 1e9, "GiB": 1 << 30}[words]; known {
		return scale * times, nil
	}
	return 0, fmt.Errorf("the unit is %q, that of the JSON %q", words, unit)
}
