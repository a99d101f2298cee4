// Every number of engine.Stats has one metric, with a name that is fit for all who read it.

package metrics_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/metrics"
)

// numbered gives every number that a struct has a value of its own, and returns where each is.
func numbered(v reflect.Value, path string, next *uint64, where map[uint64]string) {
	for i := range v.NumField() {
		field, name := v.Field(i), path+v.Type().Field(i).Name
		if !field.CanSet() {
			continue
		}
		switch {
		case field.Kind() == reflect.Struct:
			numbered(field, name+".", next, where)
			continue
		case field.CanUint():
			field.SetUint(*next)
		case field.CanInt():
			field.SetInt(int64(*next))
		default: // flags, the identity, the poison
			continue
		}
		where[*next] = name
		*next++
	}
}

func TestEveryNumberOfTheCountersHasOneMetric(t *testing.T) {
	t.Parallel()
	var stats engine.Stats
	next, where := uint64(1000), make(map[uint64]string)
	numbered(reflect.ValueOf(&stats).Elem(), "", &next, where)
	if len(where) < 50 {
		t.Fatalf("only %d numbers were found: %v", len(where), where)
	}
	for _, m := range metrics.Of(&stats) {
		if m.Kind == metrics.Flag {
			continue
		}
		name, known := where[m.Value]
		if !known {
			t.Errorf("%s is %d, which is no number of the counters, or one that another metric has", m.FullName(), m.Value)
		}
		delete(where, m.Value)
		duration := strings.HasPrefix(name, "SyncLatency.") || strings.HasSuffix(name, ".Total") || strings.HasSuffix(name, ".Longest")
		if duration != (m.Unit == metrics.Nanoseconds) {
			t.Errorf("%s is made of %s, and has unit %d", m.FullName(), name, m.Unit)
		}
		if bytes := strings.HasSuffix(name, "Bytes"); bytes != (m.Unit == metrics.Bytes) {
			t.Errorf("%s is made of %s, and has unit %d", m.FullName(), name, m.Unit)
		}
	}
	for _, name := range where {
		t.Errorf("%s has no metric", name)
	}
}

func TestFlagsAreOneWhereTheyHold(t *testing.T) {
	t.Parallel()
	count := func(stats engine.Stats) (set []string) {
		for _, m := range metrics.Of(&stats) {
			if m.Kind == metrics.Flag && m.Value == 1 {
				set = append(set, m.Name)
			}
		}
		return set
	}
	if got := count(engine.Stats{}); got != nil {
		t.Errorf("set: %v", got)
	}
	got := count(engine.Stats{Closed: true, Warming: true, Poisoned: engine.ErrPoisoned})
	if strings.Join(got, " ") != "closed poisoned warming" {
		t.Errorf("set: %v", got)
	}
}

func TestNamesAreUniqueLowerCaseAndHaveTheirUnitLast(t *testing.T) {
	t.Parallel()
	shape, seen := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`), make(map[string]bool)
	for _, m := range metrics.Of(&engine.Stats{}) {
		name := m.FullName()
		if !shape.MatchString(name) || seen[name] {
			t.Errorf("the name %q, seen %v", name, seen[name])
		}
		seen[name] = true
		if !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: the help %q is no sentence", name, m.Help)
		}
	}
	m := metrics.Metric{Name: "sync", Unit: metrics.Nanoseconds, Value: uint64(time.Second)}
	if got := m.FullName(); got != "sync_ns" {
		t.Errorf("nanoseconds: %s", got)
	}
}
