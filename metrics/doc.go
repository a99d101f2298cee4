// Package metrics gives the counters of a store names, for programs that watch it: as a variable of package
// expvar, and as a list that other adapters are made of, such as the one for Prometheus in adapters/prometheus.
//
//	store, err := engine.Open(dir, engine.Options{})
//	expvar.Publish("store", metrics.Var(store))
//
// Importing it imports expvar, and with that net/http, whose default mux gets /debug/vars: that is what expvar does when it is
// imported, and why the engine doesn't. Nothing else is registered anywhere.
//
// # Names
//
// Names are stable: one that is there keeps its meaning, new ones may come. They are lower case with underscores,
// and a unit stands last: "_bytes", or "_ns" for nanoseconds. What has no unit is a number of what the name says, or a
// sequence, which counts events from 1.
//
// It knows the engine's counters and what they are called. It never knows who reads them, and keeps nothing: every
// reading is [engine.Store.Stats] and [engine.Store.Followers] at that moment, which wait for nobody.
package metrics
