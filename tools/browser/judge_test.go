// What the check finds, without a browser.

package main

import (
	"strings"
	"testing"
)

const sampleJSON = `{"format": 1, "runs": [], "results": [
	{"row": "P1", "name": "append", "unit": "ns", "value": 12345.6, "ratio": null, "verdict": "passed", "latency": {"p50": 1234.5}, "rounds": 7}]}`

func sampleSight() *sight {
	at := func(key, text string) shown { return shown{"results", "P1", "append", key, text} }
	return &sight{
		document: sampleJSON, results: 1, charts: 1,
		shown: []shown{at("value", "12.3 us"), at("ratio", "-"), at("verdict", "passed"), at("latency/p50", "1,235 ns")},
		views: []seenView{
			{view: "light", Wide: 400, Room: 400, Back: "white", Ink: "black"}, {view: "dark", Wide: 400, Room: 400, Back: "black", Ink: "white"},
		},
	}
}

func TestAPageThatAgreesWithItsJSONHasNothingWrong(t *testing.T) {
	if wrong := sampleSight().wrong(); len(wrong) != 0 {
		t.Error(wrong)
	}
}

func TestEachDefectOfAPageIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*sight)
		want  string
	}{
		"another number":       {func(s *sight) { s.shown[0].Text = "12.4 us" }, `shown is "12.4 us", the JSON has 12345.6 ns`},
		"another unit":         {func(s *sight) { s.shown[0].Text = "12.3 ms" }, `shown is "12.3 ms"`},
		"unknown unit":         {func(s *sight) { s.shown[0].Text = "12.3 apples" }, `the unit is "apples", that of the JSON "ns"`},
		"another word":         {func(s *sight) { s.shown[2].Text = "denied" }, `the JSON has "passed"`},
		"a number for none":    {func(s *sight) { s.shown[1].Text = "1" }, "the JSON has none"},
		"none for a number":    {func(s *sight) { s.shown[0].Text = "-" }, "no number"},
		"a number left out":    {func(s *sight) { s.shown = s.shown[:3] }, "latency/p50 is in the JSON and not shown"},
		"a key of nowhere":     {func(s *sight) { s.shown[0].Key = "values" }, "the JSON has no such key"},
		"an element of no row": {func(s *sight) { s.shown[0].Row = "P2" }, "the JSON has no such element"},
		"nothing shown":        {func(s *sight) { s.shown = nil }, "nothing is shown"},
		"a line too few":       {func(s *sight) { s.results = 0 }, "the JSON has 1 results, the table 0"},
		"a loose number":       {func(s *sight) { s.loose = []string{"17"} }, `names no place in the JSON: "17"`},
		"no JSON":              {func(s *sight) { s.document = "{" }, "the page's JSON is none"},
		"too wide":             {func(s *sight) { s.views[0].Wide = 500 }, "light: the page is 500 pixels wide, the screen 400"},
		"a chart cut off":      {func(s *sight) { s.views[1].Narrow = []string{"P3"} }, "dark: a chart's words have no room"},
		"never dark":           {func(s *sight) { s.views[1].Back = "white" }, "the same in the light and in the dark"},
		"invisible":            {func(s *sight) { s.views[1].Ink = "black" }, "words have the colour of the page"},
		"a failed script":      {func(s *sight) { s.troubles = []string{"a script failed: x"} }, "a script failed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sampleSight()
			c.spoil(s)
			if wrong := strings.Join(s.wrong(), "\n"); !strings.Contains(wrong, c.want) {
				t.Errorf("%q is missing in %q", c.want, wrong)
			}
		})
	}
}

func TestARoundedNumberAgreesToItsLastDigitAndNoFurther(t *testing.T) {
	for _, c := range []struct {
		text  string
		value float64
		unit  string
		want  bool
	}{
		{"1,234", 1234.4, "", true}, {"1,234", 1234.6, "", false}, {"12.3 M", 12_345_678, "", true}, {"12.3 M events/s", 12_345_678, "events/s", true},
		{"12.3 M", 12_400_000, "", false}, {"1.2e-05", 0.0000123, "", true}, {"1.2e-05", 0.0000133, "", false}, {"+20.2 %", 0.20192, "", true},
		{"-20.2 %", 0.20192, "", false}, {"600k", 600_000, "", true}, {"8.0 GiB", 8 << 30, "", true}, {"25.0 ms", 25e6, "ns", true}, {"25.0 ms", 25, "ms", true},
		{"18,000 /s", 18_000, "/s", true}, {"0", 0, "flushes", true}, {"0.25", 0.25, "", true}, {"MB", 1, "", false},
	} {
		if err := agrees(c.text, c.value, c.unit); (err == nil) != c.want {
			t.Errorf("%q for %v %s: %v", c.text, c.value, c.unit, err)
		}
	}
}
