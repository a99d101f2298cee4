// The table of results and their verdicts.

package htmlreport

import (
	"fmt"
	"math"
	"strings"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// notJudged is the word for results that no gate was asked about.
const notJudged = "not judged"

// rowPart is a row's part of the table.
type rowPart struct {
	ID, Title, Target string
	Results           []resultPart
}

// resultPart is a line of the table.
type resultPart struct {
	Name          string
	Value         shown
	Reference     string
	ReferenceSize shown
	Ratio         shown
	Low, High     *shown // nil: no interval
	Target        shown
	Sign          string // of the target: at most, at least; "" where there is none
	Span          *span
	Verdict       shown
	Class         string
	Reason        string
	Details       []labelled
}

// decisions are the words in the order in which they are counted.
func decisions() []perfgates.Decision {
	return []perfgates.Decision{perfgates.Passed, perfgates.Denied, perfgates.Undecided, perfgates.Skipped, perfgates.Reported, notJudged}
}

// results fills the table, the counts and the denials' words.
func (p *page) results(r Report) {
	type identity struct{ row, name string }
	verdicts := map[identity]perfgates.Verdict{}
	for _, v := range r.Verdicts {
		verdicts[identity{v.Row, v.Name}] = v
	}
	counted := map[perfgates.Decision]int{}
	for _, result := range r.Results {
		v, judged := verdicts[identity{result.Row, result.Name}]
		if !judged {
			v = perfgates.Verdict{Row: result.Row, Name: result.Name, Decision: notJudged}
		}
		counted[v.Decision]++
		part, item := newResult(result, v)
		p.document.Results = append(p.document.Results, item)
		row := p.row(result.Row)
		row.Results = append(row.Results, part)
		if v.Decision == perfgates.Denied {
			p.Denials = append(p.Denials, words{v.Row, v.Name, v.Reason})
		}
	}
	for _, v := range r.Verdicts {
		if v.Result.Row == "" {
			p.Missing = append(p.Missing, words{v.Row, v.Name, v.Reason})
		}
	}
	for _, decision := range decisions() {
		if n := counted[decision]; n > 0 {
			at := place{inCounts, "results", string(decision)}
			item := newItem(at)
			item["count"] = n
			p.document.Counts = append(p.document.Counts, item)
			p.Counts = append(p.Counts, count{string(decision), at.count("count", n)})
		}
	}
}

// row returns the part of the row that comes last, a new one when it is another's.
func (p *page) row(id string) *rowPart {
	for i := range p.Rows {
		if p.Rows[i].ID == id {
			return &p.Rows[i]
		}
	}
	part := rowPart{ID: id}
	for _, row := range perfgates.Rows() {
		if row.ID == id {
			part.Title, part.Target = row.Title, row.Target
		}
	}
	p.Rows = append(p.Rows, part)
	return &p.Rows[len(p.Rows)-1]
}

func newResult(r figure.Result, v perfgates.Verdict) (resultPart, documentItem) {
	at := place{inResults, r.Row, r.Name}
	item := newItem(at)
	item["unit"], item["reference"], item["better"] = r.Unit, r.Reference, string(r.Better)
	item["verdict"], item["reason"], item["look"] = string(v.Decision), v.Reason, r.Look
	item["rounds"], item["details"] = len(r.Rounds), details(r)
	item.set("value", r.Value)
	item.set("reference_value", r.ReferenceValue)
	item.set("ratio", r.Ratio())
	item.set("target", r.Target)
	part := resultPart{
		Name: r.Name, Value: at.quantity("value", r.Value, r.Unit), Reference: r.Reference,
		ReferenceSize: at.quantity("reference_value", r.ReferenceValue, r.Unit), Ratio: at.figure("ratio", r.Ratio()),
		Verdict: at.word("verdict", string(v.Decision)), Class: classOf(v.Decision), Reason: v.Reason,
	}
	low, high, sure := r.Interval()
	if sure && !r.Counted { // of what is counted both ends are the ratio
		l, h := at.figure("interval/low", low), at.figure("interval/high", high)
		part.Low, part.High = &l, &h
		interval := documentItem{}
		interval.set("low", low)
		interval.set("high", high)
		item["interval"] = interval
	}
	part.Target = at.figure("target", r.Target)
	if !figure.Missing(r.Target) {
		part.Sign = r.Better.Sign()
		part.Span = budgetSpan(r, low, high, sure, part.Class)
	}
	for _, detail := range r.Details {
		if value, is := figure.Numeric(detail.Value); is {
			part.Details = append(part.Details, labelled{detail.Key, at.figure("details/"+detail.Key, value)})
		} else {
			part.Details = append(part.Details, labelled{detail.Key, at.word("details/"+detail.Key, wordOf(detail.Value))})
		}
	}
	return part, item
}

// wordOf shows what is no number.
func wordOf(v any) string {
	if v == nil {
		return "-"
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// budgetSpan shows how far the ratio is from its budget, to the right what misses it. Nil where that can't be drawn.
func budgetSpan(r figure.Result, low, high float64, sure bool, class string) *span {
	ratio := r.Ratio()
	if figure.Missing(ratio) || ratio <= 0 || r.Target <= 0 || sure && low <= 0 {
		return nil
	}
	direction := 1.0
	if r.Better == figure.Larger {
		direction, low, high = -1, high, low
	}
	distance := func(v float64) float64 { return direction * math.Log10(v/r.Target) }
	if !sure {
		low, high = ratio, ratio
	}
	s := newSpan(distance(low), distance(ratio), distance(high), sure && !r.Counted, class)
	return &s
}

// classOf is what the style sheet calls a decision.
func classOf(d perfgates.Decision) string {
	switch d {
	case perfgates.Passed, perfgates.Denied, perfgates.Undecided, perfgates.Skipped:
		return string(d)
	}
	return "neutral"
}

// changePart is a line of the comparison.
type changePart struct {
	Row, Name string
	Basis     string
	Old, New  shown
	Delta     shown
	OldLow    shown
	OldHigh   shown
	NewLow    shown
	NewHigh   shown
	P         shown
	Word      shown
	Class     string
	Span      *span
}

// comparison fills the table of changes.
func (p *page) comparison(r Report) {
	for _, c := range r.Changes {
		at := place{inComparison, c.Row, c.Name}
		item := newItem(at)
		item["basis"], item["unit"], item["word"] = c.Basis, c.Unit, c.Word
		for key, v := range map[string]float64{
			"old": c.Old.Median, "old_low": c.Old.Low, "old_high": c.Old.High, "new": c.New.Median, "new_low": c.New.Low, "new_high": c.New.High,
			"delta": c.Delta, "p": c.P,
		} {
			item.set(key, v)
		}
		p.document.Comparison = append(p.document.Comparison, item)
		part := changePart{
			Row: c.Row, Name: c.Name, Basis: c.Basis, Old: at.quantity("old", c.Old.Median, c.Unit), New: at.quantity("new", c.New.Median, c.Unit),
			OldLow: at.figure("old_low", c.Old.Low), OldHigh: at.figure("old_high", c.Old.High),
			NewLow: at.figure("new_low", c.New.Low), NewHigh: at.figure("new_high", c.New.High),
			Delta: at.percent("delta", c.Delta), P: at.figure("p", c.P), Word: at.word("word", c.Word), Class: c.Class,
		}
		if c.Old.Median > 0 && c.New.Low > 0 && !figure.Missing(c.New.Median) {
			worse := 1.0
			low, high := c.New.Low, c.New.High
			if !c.SmallerIsBetter {
				worse, low, high = -1, high, low
			}
			distance := func(v float64) float64 { return 3 * worse * math.Log10(v/c.Old.Median) }
			s := newSpan(distance(low), distance(c.New.Median), distance(high), true, c.Class)
			part.Span = &s
		}
		p.Comparison = append(p.Comparison, part)
	}
}
