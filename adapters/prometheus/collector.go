// The collector.

package prometheus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/metrics"
)

// NewCollector returns a collector of a store's counters. It may be registered in any number of registries, and be collected by
// several at once. A store that is closed has batpak_closed 1, the counters of its end, and no followers; it stays in
// registries until it is unregistered. A nil store has all zeros.
func NewCollector(store *engine.Store) prometheus.Collector { return &collector{store} }

type collector struct{ store *engine.Store }

// The descriptions. There is one set of them, since they are the same for every store.
var (
	described = describe("batpak_", metrics.Of(&engine.Stats{}))
	reacting  = describe("batpak_reactor_", metrics.OfReactor(&engine.Follower{Kind: engine.FollowsAsReactor}), "name")

	syncDuration = prometheus.NewDesc("batpak_sync_duration_seconds", "How long syncs of files that hold events took.", nil, nil)
	position     = ofFollower("position_sequence", "Sequence up to which a cursor or reactor was given everything.")
	acked        = ofFollower("acked_sequence", "Sequence up to which a cursor or reactor acknowledged everything.")
	lag          = ofFollower("lag", "Sequences between what a cursor or reactor acknowledged and the newest visible one.")
)

func ofFollower(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("batpak_follower_"+name, help, []string{"kind", "name"}, nil)
}

// describe returns the descriptions of metrics, in their order.
func describe(prefix string, list []metrics.Metric, labels ...string) []*prometheus.Desc {
	all := make([]*prometheus.Desc, len(list))
	for i := range list {
		all[i] = prometheus.NewDesc(prefix+nameOf(&list[i]), list[i].Help, labels, nil)
	}
	return all
}

// nameOf returns a metric's name as Prometheus has names.
func nameOf(m *metrics.Metric) string {
	name := m.Name
	switch m.Unit {
	case metrics.Bytes:
		name += "_bytes"
	case metrics.Nanoseconds:
		name += "_seconds"
	}
	if m.Kind == metrics.Counter {
		name += "_total"
	}
	return name
}

// Describe sends the descriptions of all that Collect can send.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range described {
		ch <- d
	}
	for _, d := range reacting {
		ch <- d
	}
	for _, d := range []*prometheus.Desc{syncDuration, position, acked, lag} {
		ch <- d
	}
}

// Collect reads the store's counters and sends them.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	stats := c.store.Stats()
	send(ch, described, metrics.Of(&stats))
	ch <- durations(&stats.SyncLatency)
	for _, f := range metrics.Named(c.store) {
		kind := f.Kind.String()
		ch <- prometheus.MustNewConstMetric(position, prometheus.GaugeValue, float64(f.Position), kind, f.Name)
		ch <- prometheus.MustNewConstMetric(acked, prometheus.GaugeValue, float64(f.Acked), kind, f.Name)
		ch <- prometheus.MustNewConstMetric(lag, prometheus.GaugeValue, float64(f.Lag), kind, f.Name)
		send(ch, reacting, metrics.OfReactor(&f), f.Name)
	}
}

// send sends metrics, of which the descriptions are given in the same order.
func send(ch chan<- prometheus.Metric, as []*prometheus.Desc, list []metrics.Metric, labels ...string) {
	for i := range list {
		m := &list[i]
		kind, value := prometheus.GaugeValue, float64(m.Value)
		if m.Kind == metrics.Counter {
			kind = prometheus.CounterValue
		}
		if m.Unit == metrics.Nanoseconds {
			value = time.Duration(m.Value).Seconds()
		}
		ch <- prometheus.MustNewConstMetric(as[i], kind, value, labels...)
	}
}

// durations returns the histogram of syncs, with a bucket for each power of two from 16 microseconds to 16 seconds, of which the
// store's own histogram is exact.
func durations(l *engine.SyncLatency) prometheus.Metric {
	const shortest, buckets = 16 * time.Microsecond, 21
	counts := make(map[float64]uint64, buckets)
	for i := range buckets {
		bound := shortest << i
		counts[bound.Seconds()] = l.AtMost(bound)
	}
	return prometheus.MustNewConstHistogram(syncDuration, l.Count(), l.Total.Seconds(), counts)
}
