// What is wrong with what was seen.

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wrong returns a line for each thing that does not hold; none when all does.
func (s *sight) wrong() []string {
	wrong := slices.Clone(s.troubles)
	for _, text := range s.loose {
		wrong = append(wrong, fmt.Sprintf("a number is shown that names no place in the JSON: %q", text))
	}
	wrong = append(wrong, wrongViews(s.views)...)
	document, err := parseDocument(s.document)
	if err != nil {
		return append(wrong, err.Error())
	}
	if len(s.shown) == 0 {
		wrong = append(wrong, "nothing is shown that names a place in the JSON")
	}
	if n := len(document["results"]); n == 0 || n != s.results {
		wrong = append(wrong, fmt.Sprintf("the JSON has %d results, the table %d", n, s.results))
	}
	wrong = append(wrong, document.compare(s.shown)...)
	if s.saved != nil {
		wrong = append(wrong, document.wrongBeside(s.saved)...)
	}
	return wrong
}

func wrongViews(views []seenView) (wrong []string) {
	colours := map[string]int{}
	for _, v := range views {
		colours[v.Back]++
		if v.Wide > v.Room {
			wrong = append(wrong, fmt.Sprintf("%s: the page is %d pixels wide, the screen %d: %s", v.view, v.Wide, v.Room, strings.Join(v.Over, "; ")))
		} else if len(v.Over) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: beyond the screen: %s", v.view, strings.Join(v.Over, "; ")))
		}
		for _, chart := range v.Narrow {
			wrong = append(wrong, fmt.Sprintf("%s: a chart's words have no room, or it is not drawn once: %s", v.view, chart))
		}
		if v.Back == v.Ink {
			wrong = append(wrong, fmt.Sprintf("%s: words have the colour of the page, %s", v.view, v.Ink))
		}
	}
	if len(views) > 1 && len(colours) < 2 {
		wrong = append(wrong, "the page is the same in the light and in the dark")
	}
	return wrong
}

// document is the page's JSON: arrays of objects with a row and a name.
type document map[string][]map[string]any

func parseDocument(text string) (document, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("the page's JSON is none: %w", err)
	}
	d := document{}
	for name, raw := range all {
		var items []map[string]any
		if err := json.Unmarshal(raw, &items); err == nil {
			d[name] = items
		}
	}
	return d, nil
}

// compare returns what is shown otherwise than in the JSON, and what is in the JSON and not shown.
func (d document) compare(all []shown) (wrong []string) {
	seen := map[shown]bool{}
	for _, s := range all {
		value, unit, err := d.find(s)
		if err == nil {
			err = agrees(s.Text, value, unit)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %s %s, %s: %v", s.In, s.Row, s.Name, s.Key, err))
		}
		s.Text = ""
		seen[s] = true
	}
	for _, in := range slices.Sorted(maps.Keys(d)) {
		if in == "runs" {
			continue // is words mostly, of which empty ones are left out
		}
		for _, item := range d[in] {
			row, name := fmt.Sprint(item["row"]), fmt.Sprint(item["name"])
			for _, key := range leaves(item, "") {
				if !seen[shown{In: in, Row: row, Name: name, Key: key}] {
					wrong = append(wrong, fmt.Sprintf("%s: %s %s, %s is in the JSON and not shown", in, row, name, key))
				}
			}
		}
	}
	return wrong
}

// unshown are keys that no element names: what identifies, words that stand without it, and counts behind an interval.
func unshown() []string {
	return []string{"row", "name", "unit", "reference", "better", "reason", "look", "rounds", "basis"}
}

// leaves returns the paths of an object's values, in order.
func leaves(object map[string]any, above string) (paths []string) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if inner, is := object[key].(map[string]any); is {
			paths = append(paths, leaves(inner, above+key+"/")...)
		} else if above != "" || !slices.Contains(unshown(), key) {
			paths = append(paths, above+key)
		}
	}
	return paths
}

// find returns what stands in the JSON at a place, and its unit.
func (d document) find(s shown) (value any, unit string, err error) {
	for _, item := range d[s.In] {
		if item["row"] != s.Row || item["name"] != s.Name {
			continue
		}
		value = item
		for _, key := range strings.Split(s.Key, "/") {
			object, is := value.(map[string]any)
			inner, there := object[key]
			if !is || !there {
				return nil, "", fmt.Errorf("the JSON has no such key, shown is %q", s.Text)
			}
			value = inner
		}
		return value, unitOf(item, s.Key), nil
	}
	return nil, "", fmt.Errorf("the JSON has no such element, shown is %q", s.Text)
}

func unitOf(item map[string]any, key string) string {
	switch {
	case strings.HasPrefix(key, "latency/p") || key == "latency/max":
		return "ns"
	case strings.HasPrefix(key, "throughput/"):
		return "/s"
	}
	unit, _ := item["unit"].(string)
	return unit
}
