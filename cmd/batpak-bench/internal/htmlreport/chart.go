// Line charts as SVG: each is drawn twice, for wide and for narrow screens, so that its words have their size on both.

package htmlreport

import (
	"fmt"
	"strings"
)

// palette is the number of colours; the style sheet has them. No chart has more lines than that.
const palette = 6

// chart is one figure of the page.
type chart struct {
	ID          string
	Title       string
	Description string // for those who can't see it
	XName       string
	YName       string
	Lines       []line
	Drawings    []drawing
}

// line is one curve of a chart.
type line struct {
	Label  string
	Colour int // 0 to palette-1
	Dashed bool
	Faint  bool // one of several that mean the same
	points []point
	low    []float64 // beside each point, what is hidden in it; nil: nothing
	high   []float64
	marks  []mark
}

type point struct{ x, y float64 }

type mark struct {
	point
	text string
}

// Class is what the style sheet calls it.
func (l line) Class() string {
	class := fmt.Sprintf("c%d", l.Colour)
	if l.Dashed {
		class += " dashed"
	}
	if l.Faint {
		class += " faint"
	}
	return class
}

// drawing is a chart at one size, in pixels of the view box.
type drawing struct {
	Class               string
	Width, Height       int
	Left, Top           float64 // of the plot
	Right, Bottom       float64
	XTicks, YTicks      []drawnTick
	Bands, Paths, Marks []drawn
}

type drawnTick struct {
	At     string
	Anchor string
	Label  string
}

type drawn struct {
	Class string
	D     string // of a path
	X, Y  string // of a mark
	Text  string
}

// draw lays the lines out on the axes at both sizes.
func (c *chart) draw(x, y axis) {
	c.Drawings = []drawing{
		c.at(drawing{Class: "wide", Width: 1040, Height: 340, Left: 64, Right: 1024, Top: 12, Bottom: 308}, x, y),
		c.at(drawing{Class: "narrow", Width: 360, Height: 280, Left: 50, Right: 350, Top: 10, Bottom: 250}, x, y),
	}
}

func (c *chart) at(d drawing, x, y axis) drawing {
	across := func(v float64) float64 { return d.Left + x.place(v)*(d.Right-d.Left) }
	up := func(v float64) float64 { return d.Bottom - y.place(v)*(d.Bottom-d.Top) }
	for _, t := range x.ticks {
		anchor := "middle"
		if x.place(t.at) > 0.97 {
			anchor = "end"
		}
		d.XTicks = append(d.XTicks, drawnTick{pixel(across(t.at)), anchor, t.label})
	}
	for _, t := range y.ticks {
		d.YTicks = append(d.YTicks, drawnTick{pixel(up(t.at)), "end", t.label})
	}
	for _, l := range c.Lines {
		if l.low != nil {
			d.Bands = append(d.Bands, drawn{Class: l.Class(), D: band(l, across, up)})
		}
		d.Paths = append(d.Paths, drawn{Class: l.Class(), D: path(l.points, across, up)})
		for _, m := range l.marks {
			d.Marks = append(d.Marks, drawn{Class: l.Class(), X: pixel(across(m.x)), Y: pixel(up(m.y)), Text: m.text})
		}
	}
	return d
}

func path(points []point, across, up func(float64) float64) string {
	var d strings.Builder
	for i, p := range points {
		d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + pixel(across(p.x)) + " " + pixel(up(p.y)))
	}
	return d.String()
}

// band goes along the highs and back along the lows.
func band(l line, across, up func(float64) float64) string {
	around := make([]point, 0, 2*len(l.points))
	for i, p := range l.points {
		around = append(around, point{p.x, l.high[i]})
	}
	for i := len(l.points) - 1; i >= 0; i-- {
		around = append(around, point{l.points[i].x, l.low[i]})
	}
	return path(around, across, up) + "Z"
}

func pixel(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// span is a bar of an interval beside a mark: how a ratio stands to its budget, or a value to an earlier one.
type span struct {
	Low, High, At string // percent of the width, 50 is the mark
	Class         string
	Interval      bool
}

const spanDecadeShare = 50 / 0.7 // percent of the width for a factor of ten: the ends are factors of five

// newSpan places ln-like distances from the mark: log10 of a factor, beyond the ends cut off.
func newSpan(low, at, high float64, interval bool, class string) span {
	place := func(log10 float64) string {
		return pixel(min(98, max(2, 50+log10*spanDecadeShare)))
	}
	return span{place(low), place(high), place(at), class, interval}
}
