// Package prometheus shows the counters of a store to Prometheus: a collector for a registry of client_golang.
//
//	store, err := engine.Open(dir, engine.Options{})
//	registry.MustRegister(prometheus.NewCollector(store))
//
// It is a module of its own, so that who embeds the engine without it needs nothing of Prometheus. Inside a clone it finds the
// engine's module beside it; outside, a program's go.mod needs a replace for each of the two:
//
//	replace github.com/batpak/batpak => ../batpak
//	replace github.com/batpak/batpak/adapters/prometheus => ../batpak/adapters/prometheus
//
// # Names
//
// Every metric of package metrics is there as batpak_ and its name, with the unit that Prometheus has for it: seconds where that
// package has nanoseconds, and _total at the end of what only goes up. How long syncs took is a histogram, too:
// batpak_sync_duration_seconds. Cursors with names and reactors are there one by one, with the labels kind and name:
// batpak_follower_position_sequence, batpak_follower_acked_sequence and batpak_follower_lag; what a reactor counts has the label
// name: batpak_reactor_events_total and so on. All others are in the sums only, so that there are never more series than names of cursors.
//
// Of two stores in one registry each needs a label of its own: prometheus.WrapRegistererWith gives it one.
//
// It knows package metrics and the formats of Prometheus. It never knows a registry or a server, and keeps nothing: a scrape reads
// the store's counters as they are, which waits for nobody.
package prometheus
