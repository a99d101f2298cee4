// The charts: latencies by percentile, and throughput over time.

package htmlreport

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// figurePart is a chart with the table that says the same.
type figurePart struct {
	Chart   chart
	Columns []string
	Lines   []tableLine
}

// tableLine is a line of a chart's table.
type tableLine struct {
	Label  string
	Colour int
	Dashed bool
	Values []shown
}

// Class is what the style sheet calls the line's colour.
func (l tableLine) Class() string { return line{Colour: l.Colour, Dashed: l.Dashed}.Class() }

// latencies draws the curves of each row, those of the other baseline dashed in the same colour.
func (p *page) latencies(r Report) error {
	earlier, err := earlierCurves(r)
	if err != nil {
		return err
	}
	for _, row := range rowsOf(r.Results) {
		var with []figure.Result
		for _, result := range r.Results {
			if result.Row == row && result.Curve != nil && result.Curve.Count > 0 {
				with = append(with, result)
			}
		}
		for _, group := range groupsOf(distinctCurves(with), palette) {
			part, err := p.byPercentile(row, group, earlier)
			if err != nil {
				return err
			}
			p.Latencies = append(p.Latencies, part)
		}
	}
	return nil
}

// earlierCurves are those of the baseline that is compared with, by row and name.
func earlierCurves(r Report) (map[[2]string]*figure.Curve, error) {
	curves := map[[2]string]*figure.Curve{}
	if r.Against == nil {
		return curves, nil
	}
	results, err := baseline.Pooled(r.Against.Passes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Against.Name, err)
	}
	for _, result := range results {
		if result.Curve != nil && result.Curve.Count > 0 {
			curves[[2]string{result.Row, result.Name}] = result.Curve
		}
	}
	return curves, nil
}

// distinctCurves leaves out results whose latencies are another's: of one measurement there can be several figures.
func distinctCurves(results []figure.Result) (distinct []figure.Result) {
	for _, r := range results {
		same := func(other figure.Result) bool { return string(other.Curve.Encoded) == string(r.Curve.Encoded) }
		if !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, r)
		}
	}
	return distinct
}

func (p *page) byPercentile(row string, results []figure.Result, earlier map[[2]string]*figure.Curve) (figurePart, error) {
	part := figurePart{Chart: chart{
		ID: p.chartID("latency"), Title: titleOf(row), XName: "percentile", YName: "latency",
		Description: "Latency by percentile, on logarithmic scales; the table below has its figures.",
	}}
	for _, percentile := range percentiles {
		part.Columns = append(part.Columns, percentile.Label)
	}
	part.Columns = append(part.Columns, "max", "latencies")
	for colour, r := range results {
		if err := p.addCurve(&part, place{inResults, r.Row, r.Name}, r.Name, r.Curve, colour); err != nil {
			return part, err
		}
		if curve := earlier[[2]string{r.Row, r.Name}]; curve != nil {
			if err := p.addCurve(&part, place{inAgainst, r.Row, r.Name}, r.Name+" ("+p.Against+")", curve, colour); err != nil {
				return part, err
			}
		}
	}
	low, high, deepest := math.Inf(1), 0.0, 0.0
	for _, l := range part.Chart.Lines {
		for _, at := range l.points {
			low, high, deepest = min(low, at.y), max(high, at.y), max(deepest, at.x)
		}
	}
	part.Chart.draw(percentileAxis(deepest), latencyAxis(low, high))
	return part, nil
}

// addCurve adds a line to the chart, its figures to the table and both to the document.
func (p *page) addCurve(part *figurePart, at place, label string, curve *figure.Curve, colour int) error {
	l, err := newLatencies(curve)
	if err != nil {
		return fmt.Errorf("%s %s: %w", at.row, label, err)
	}
	dashed := at.in == inAgainst
	part.Chart.Lines = append(part.Chart.Lines, line{Label: label, Colour: colour, Dashed: dashed, points: l.points(), marks: l.marks(label)})
	figures, values := documentItem{}, []shown(nil)
	for _, percentile := range percentiles {
		v := figure.None()
		if l.resolves(percentile.At) {
			v = l.at(percentile.At)
		}
		figures.set(percentile.Key, v)
		values = append(values, at.quantity("latency/"+percentile.Key, v, "ns"))
	}
	figures.set("max", float64(l.longest))
	figures["count"] = l.count
	values = append(values, at.quantity("latency/max", float64(l.longest), "ns"), at.word("latency/count", short(float64(l.count))))
	p.item(at)["latency"] = figures
	part.Lines = append(part.Lines, tableLine{label, colour, dashed, values})
	return nil
}

// item returns the document's element, a new one of the other baseline where it has none.
func (p *page) item(at place) documentItem {
	items := &p.document.Results
	if at.in == inAgainst {
		items = &p.document.Against
	}
	for _, item := range *items {
		if item["row"] == at.row && item["name"] == at.name {
			return item
		}
	}
	*items = append(*items, newItem(at))
	return (*items)[len(*items)-1]
}

// drawnPoints is how many points of a series a chart can show apart.
const drawnPoints = 400

// overTime draws one row's results, which may come from several passes.
func (p *page) overTime(row string, results []figure.Result) figurePart {
	part := figurePart{
		Chart: chart{
			ID: p.chartID("throughput"), Title: titleOf(row), XName: "seconds", YName: "operations a second",
			Description: "Operations a second over time; the table below has the extremes.",
		},
		Columns: []string{"lowest", "median", "highest", "points"},
	}
	var names []string
	longest, highest := 0.0, 0.0
	for _, r := range results {
		colour := slices.Index(names, r.Name)
		if colour < 0 {
			colour = len(names)
			names = append(names, r.Name)
			part.Lines = append(part.Lines, p.rates(r.Name, row, results, colour))
		}
		l := line{Label: r.Name, Colour: colour, Faint: len(results) > 1 && countOf(results, r.Name) > 1}
		l.points, l.low, l.high = thin(r.Series, drawnPoints)
		part.Chart.Lines = append(part.Chart.Lines, l)
		for _, at := range r.Series {
			longest, highest = max(longest, at.Seconds), max(highest, at.PerSecond)
		}
	}
	part.Chart.draw(linearAxis(longest, func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }), linearAxis(highest, short))
	return part
}

// rates sums up a result's series of all passes for the table and the document.
func (p *page) rates(name, row string, results []figure.Result, colour int) tableLine {
	var rates []float64
	for _, r := range results {
		if r.Name == name {
			for _, at := range r.Series {
				rates = append(rates, at.PerSecond)
			}
		}
	}
	at, figures := place{inResults, row, name}, documentItem{}
	sums := []struct {
		key   string
		value float64
	}{{"lowest", slices.Min(rates)}, {"median", median(rates)}, {"highest", slices.Max(rates)}}
	values := make([]shown, 0, len(sums)+1)
	for _, s := range sums {
		figures.set(s.key, s.value)
		values = append(values, at.quantity("throughput/"+s.key, s.value, "/s"))
	}
	figures["points"] = len(rates)
	p.item(at)["throughput"] = figures
	return tableLine{name, colour, false, append(values, at.count("throughput/points", len(rates)))}
}

// thin returns at most n points, each the mean of some neighbours, and the lowest and highest of those; nil where each is one point.
func thin(series []figure.Point, n int) (points []point, low, high []float64) {
	each := (len(series) + n - 1) / n
	for some := range slices.Chunk(series, max(each, 1)) {
		sum, least, most := 0.0, math.Inf(1), 0.0
		for _, at := range some {
			sum, least, most = sum+at.PerSecond, min(least, at.PerSecond), max(most, at.PerSecond)
		}
		points = append(points, point{some[len(some)-1].Seconds, sum / float64(len(some))})
		low, high = append(low, least), append(high, most)
	}
	if each <= 1 {
		return points, nil, nil
	}
	return points, low, high
}

func rowsOf(results []figure.Result) (rows []string) {
	for _, r := range results {
		if !slices.Contains(rows, r.Row) {
			rows = append(rows, r.Row)
		}
	}
	return rows
}

func countOf(results []figure.Result, name string) (n int) {
	for _, r := range results {
		if r.Name == name {
			n++
		}
	}
	return n
}
