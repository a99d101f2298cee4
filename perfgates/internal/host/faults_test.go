// This file proves where the count of page reads stands in what the kernel says.

package host

import "testing"

func TestPageReadsAreTheMajorFaultsWhateverTheProgramIsCalled(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 77 8 99 10 11 12"
	for _, name := range []string{"(bench)", "(a b) (c)", "()"} {
		if got, err := parsePageReads("4711 " + name + rest); err != nil || got != 99 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	for _, text := range []string{"", "4711 (bench", "4711 (bench) S 1 2 3 4 5 6 7 8", "4711 (bench) S 1 2 3 4 5 6 7 8 x 10"} {
		if got, err := parsePageReads(text); err == nil {
			t.Errorf("%q gives %d", text, got)
		}
	}
}
