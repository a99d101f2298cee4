// The page's JSON beside the measurement that it was made of.

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// encoded is a histogram of these latencies.
func encoded(t *testing.T, latencies ...int64) []byte {
	t.Helper()
	histogram := hdrhistogram.New(1, 1_000_000, 3)
	for _, latency := range latencies {
		if err := histogram.RecordValue(latency); err != nil {
			t.Fatal(err)
		}
	}
	text, err := histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// saveTwoPasses writes a measurement of two passes: a result with rounds and latencies, one that shares them, and a count.
func saveTwoPasses(t *testing.T) string {
	t.Helper()
	type object = map[string]any
	pass := func(value float64, ratios []float64, latencies []byte, count, longest int64) object {
		var rounds [][3]any
		for _, ratio := range ratios {
			rounds = append(rounds, [3]any{ratio * 100, 100, 0})
		}
		curve := object{"Count": count, "Longest": longest, "Encoded": latencies}
		return object{"results": []object{
			{"row": "P4", "name": "p50", "value": value, "reference_value": 100, "rounds": rounds, "curve": curve},
			{"row": "P4", "name": "p99", "value": nil, "reference_value": 100, "curve": curve},
			{"row": "P11", "name": "chain on", "value": value, "reference_value": 50, "counted": true, "rounds": rounds},
		}}
	}
	text, err := json.Marshal(object{"passes": []object{
		pass(200, []float64{1, 2, 9}, encoded(t, 10, 20, 30), 3, 30), pass(300, []float64{3, 4}, encoded(t, 40, 50), 2, 50),
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saved.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const pageOfTwoPasses = `{"results": [
	{"row": "P4", "name": "p50", "value": 250, "reference_value": 100, "ratio": 3, "latency": {"count": 5, "max": 50, "p50": 30, "p90": null, "p99": null, "p99_9": null, "p99_99": null}},
	{"row": "P4", "name": "p99", "value": null, "reference_value": 100, "ratio": null},
	{"row": "P11", "name": "chain on", "value": 250, "reference_value": 50, "ratio": 5}]}`

func TestAPageIsComparedWithThePassesBehindIt(t *testing.T) {
	saved, err := loadSaved(saveTwoPasses(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"as it was saved":        {"", "", ""},
		"another value":          {`"value": 250, "reference_value": 100`, `"value": 251, "reference_value": 100`, "P4 p50, value: the page's JSON has 251, the passes give 250"},
		"another reference":      {`"reference_value": 50`, `"reference_value": 51`, "P11 chain on, reference_value: the page's JSON has 51, the passes give 50"},
		"a ratio of the medians": {`"ratio": 3`, `"ratio": 2.5`, "P4 p50, ratio: the page's JSON has 2.5, the passes give 3"},
		"another percentile":     {`"p50": 30`, `"p50": 20`, "P4 p50, latency/p50: the page's JSON has 20, the passes give 30"},
		"one too deep":           {`"p99": null`, `"p99": 50`, "P4 p50, latency/p99: the page's JSON has 50, the passes give none"},
		"the longest":            {`"max": 50`, `"max": 30`, "latency/max"},
		"fewer latencies":        {`"count": 5`, `"count": 3`, "latency/count"},
		"no latencies at all":    {`"latency"`, `"other"`, "P4 p99 has latencies that were saved and are not in the page's JSON"},
		"a value of none":        {`"value": null`, `"value": 7`, "P4 p99, value: the page's JSON has 7, the passes give none"},
		"a result too few":       {`"name": "chain on"`, `"name": "chain off"`, "P11 chain on was saved, and is not in the page's JSON"},
		"a result too many":      {`"name": "chain on"`, `"name": "chain off"`, "P11 chain off is in the page's JSON, and was not saved"},
	} {
		if c.old != "" && !strings.Contains(pageOfTwoPasses, c.old) {
			t.Fatalf("%s: %q is not in the page", name, c.old)
		}
		page, err := parseDocument(strings.Replace(pageOfTwoPasses, c.old, c.new, 1))
		if err != nil {
			t.Fatal(err)
		}
		wrong := strings.Join(page.wrongBeside(saved), "\n")
		if (c.want == "") != (wrong == "") || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %q, want %q", name, wrong, c.want)
		}
	}
}

func TestWhatAPageWasMadeOfIsPartOfWhatIsWrong(t *testing.T) {
	s := sampleSight()
	saved, err := loadSaved(saveTwoPasses(t))
	if err != nil {
		t.Fatal(err)
	}
	s.saved = saved
	if wrong := strings.Join(s.wrong(), "\n"); !strings.Contains(wrong, "P4 p50 was saved, and is not in the page's JSON") {
		t.Error(wrong)
	}
}

func TestWhatIsNoSavedMeasurementIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"{": "is no saved measurement", "{}": "it has no results",
		`{"passes": [{"results": [{"row": "P1", "name": "x", "curve": {"Count": 1, "Encoded": "AAAA"}}]}]}`: "can't be decoded",
	} {
		path := filepath.Join(t.TempDir(), "saved.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadSaved(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
