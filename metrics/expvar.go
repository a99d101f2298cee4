// The variable of package expvar.

package metrics

import (
	"encoding/json"
	"expvar"

	"github.com/batpak/batpak/engine"
)

// Var returns a variable whose value is a JSON object with the metrics of a store, by their full names. Flags are true or false. Beside
// them it has
//
//   - "identity": that of the store, as text;
//   - "poisoned_by": why nothing can be written, null where it can;
//   - "followers": a list of the cursors with names and the reactors, each with "kind", "name", "region", "position", "acked", "lag" and
//     "waiting", reactors also with "events", "reactions", "duplicates", "retries", "parked" and "losses". All others
//     are in the metrics only.
//
// It is registered nowhere; expvar.Publish does that, under a name of the caller's, once and for good: a store that is closed says so
// with "closed". Reading it waits for nobody and may be done by several at once. A nil store reads as null.
func Var(s *engine.Store) expvar.Var { return variable{s} }

type variable struct{ store *engine.Store }

// String returns the JSON.
func (v variable) String() string {
	if v.store == nil {
		return "null"
	}
	stats := v.store.Stats()
	object := map[string]any{"identity": stats.Identity.String(), "poisoned_by": nil, "followers": followers(v.store)}
	if stats.Poisoned != nil {
		object["poisoned_by"] = stats.Poisoned.Error()
	}
	for _, m := range Of(&stats) {
		if m.Kind == Flag {
			object[m.FullName()] = m.Value != 0
			continue
		}
		object[m.FullName()] = m.Value
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return string(text)
}

// Named returns those of a store's followers that have a name, which no two of a kind share: cursors and reactors.
func Named(s *engine.Store) []engine.Follower {
	var named []engine.Follower
	for _, f := range s.Followers() {
		if f.Name != "" {
			named = append(named, f)
		}
	}
	return named
}

func followers(s *engine.Store) []map[string]any {
	list := []map[string]any{}
	for _, f := range Named(s) {
		one := map[string]any{
			"kind": f.Kind.String(), "name": f.Name, "region": f.Region.String(), "position": f.Position, "acked": f.Acked, "lag": f.Lag,
			"waiting": f.Waiting,
		}
		for _, m := range OfReactor(&f) {
			one[m.FullName()] = m.Value
		}
		list = append(list, one)
	}
	return list
}

// OfReactor returns what a reactor counts; nothing for other followers.
func OfReactor(f *engine.Follower) []Metric {
	if f.Kind != engine.FollowsAsReactor {
		return nil
	}
	r := &f.Reactor
	return []Metric{
		number(Counter, "events", "Events that a reactor dealt with.", r.Events),
		number(Counter, "reactions", "Events that a reactor appended, without records of parked ones.", r.Reactions),
		number(Counter, "duplicates", "Events whose reactions a reactor found appended before.", r.Duplicates),
		number(Counter, "retries", "Attempts of a reactor after the first of an event.", r.Retries),
		number(Counter, "parked", "Events that a reactor put aside.", r.Parked),
		number(Counter, "losses", "Lost ranges that a reactor was told of.", r.Losses),
	}
}
