// The page: that its numbers stand in its JSON, that it needs nothing else, and that it holds what it should.

package htmlreport

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
)

func pageOf(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// documentOf returns the arrays of the page's JSON.
func documentOf(t *testing.T, page string) (d struct{ Results, Against, Comparison, Floors, Counts []map[string]any }) {
	t.Helper()
	_, rest, found := strings.Cut(page, `<script type="application/json" id="results">`)
	text, _, ended := strings.Cut(rest, "</script>")
	if !found || !ended {
		t.Fatal("the page has no JSON")
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestThePageHoldsEachPartOfTheReport(t *testing.T) {
	page := pageOf(t, sampleReport(t, 3))
	for _, want := range []string{
		"batpak-bench: this-one", "A processor &amp; a half", "0123456789abcdef", "changed since that commit", "Since earlier", "the kernel was 6.0, is 6.1",
		"P1 append, 256 B", "append &lt;1 KiB&gt; &amp; more", "the reason of P1 &lt;append &lt;1 KiB&gt; &amp; more&gt;", "gave no result",
		"Latencies", "latency p99 (earlier)", "Throughput over time", "clock read", "git checkout 0123456", "&lt;= ", "regression",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestThePageAsksForNothingElse(t *testing.T) {
	page := pageOf(t, sampleReport(t, 1))
	if !strings.Contains(page, `content="default-src 'none';`) {
		t.Error("the page does not forbid requests")
	}
	if found := regexp.MustCompile(`(?i)(src|href|action)="([^"#d]|d[^a])[^"]*"|url\(|@import|https?://`).FindString(page); found != "" {
		t.Errorf("the page refers to %q", found)
	}
}

func TestTheJSONHasEachFigureBeforeRoundingAndNullForWhatIsMissing(t *testing.T) {
	d := documentOf(t, pageOf(t, sampleReport(t, 3)))
	if len(d.Results) != 6 || len(d.Comparison) != 2 || len(d.Floors) != 2 || len(d.Counts) != 5 || len(d.Against) != 2 {
		t.Fatalf("%d results, %d changes, %d floors, %d counts, %d of the other", len(d.Results), len(d.Comparison), len(d.Floors), len(d.Counts), len(d.Against))
	}
	if got := d.Results[1]["value"]; got != 1234568.0 {
		t.Errorf("the median of three passes is %v", got)
	}
	if value, there := d.Results[5]["value"]; !there || value != nil {
		t.Errorf("a missing value is %v", value)
	}
	if got := d.Results[1]["verdict"]; got != "denied" {
		t.Errorf("the verdict is %v", got)
	}
	latency, _ := d.Results[2]["latency"].(map[string]any)
	if latency["count"] != 60_000.0 || latency["p50"] == nil || latency["p99_99"] == nil {
		t.Errorf("latencies %v", latency)
	}
	throughput, _ := d.Results[4]["throughput"].(map[string]any)
	if throughput["lowest"] != 18_000.0 || throughput["points"] != 3600.0 {
		t.Errorf("throughput %v", throughput)
	}
}

func TestANumberNamesItsPlaceInTheJSON(t *testing.T) {
	page := pageOf(t, sampleReport(t, 1))
	for _, want := range []string{
		`<data data-in="results" data-row="P1" data-name="append &lt;1 KiB&gt; &amp; more" data-key="value">1,235 us</data>`,
		`<data data-in="floors" data-row="floor" data-name="clock read" data-key="value">43.2 ns</data>`,
		`<data data-in="comparison" data-row="P1" data-name="append, 256 B" data-key="delta">&#43;20.2 %</data>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestWordsCannotEndTheScriptThatHoldsThem(t *testing.T) {
	r := sampleReport(t, 1)
	r.Verdicts[0].Reason = "</script><script>alert(1)</script><!--"
	page := pageOf(t, r)
	if strings.Contains(page, "alert(1)</script>") {
		t.Error("words of a result are a script of the page")
	}
	if got := documentOf(t, page).Results[0]["reason"]; got != r.Verdicts[0].Reason {
		t.Errorf("the reason reads %q", got)
	}
}

func TestAnEmptyReportIsStillAPage(t *testing.T) {
	r := sampleReport(t, 1)
	r.Against, r.Changes, r.Results, r.Verdicts, r.Baseline.Passes, r.Baseline.Machine.Floors = nil, nil, nil, nil, nil, nil
	if d := documentOf(t, pageOf(t, r)); len(d.Results)+len(d.Comparison)+len(d.Floors) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestResultsThatNoOneCouldTellApartAreRefused(t *testing.T) {
	r := sampleReport(t, 1)
	r.Results = append(r.Results, r.Results[0])
	if err := Write(new(bytes.Buffer), r); err == nil || !strings.Contains(err.Error(), "append, 256 B twice") {
		t.Errorf("%v", err)
	}
}

func TestLatenciesThatCannotBeReadNameTheirResult(t *testing.T) {
	for name, spoil := range map[string]func(*figure.Curve){
		"no histogram":  func(c *figure.Curve) { c.Encoded = []byte("none") },
		"another count": func(c *figure.Curve) { c.Count++ },
	} {
		t.Run(name, func(t *testing.T) {
			r := sampleReport(t, 1)
			spoil(r.Results[2].Curve)
			if err := Write(new(bytes.Buffer), r); err == nil || !strings.Contains(err.Error(), "P3 latency p99") {
				t.Errorf("%v", err)
			}
		})
	}
}
