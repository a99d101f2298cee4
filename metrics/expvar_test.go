// The variable of expvar, as those see it who read it.

package metrics_test

import (
	"context"
	"encoding/json"
	"expvar"
	"strings"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/metrics"
)

// read returns the value of a variable.
func read(t *testing.T, v expvar.Var) map[string]any {
	t.Helper()
	object := make(map[string]any)
	if err := json.Unmarshal([]byte(v.String()), &object); err != nil {
		t.Fatalf("%s: %v", v, err)
	}
	return object
}

// mustHave fails the test unless an object has these values.
func mustHave(t *testing.T, what string, object, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got, known := object[name]; !known || got != value {
			t.Errorf("%s: %s is %v, want %v", what, name, got, value)
		}
	}
}

var here = event.MustAt("entity", "scope")

func TestTheVariableShowsTheStoreAsItIsAndThatItIsClosed(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t, engine.Options{Sync: engine.SyncManual()})
	v := metrics.Var(store)
	if expvar.Get("store") != nil {
		t.Error("something is registered")
	}
	for i := range 3 {
		if _, err := store.Append(here, event.Data, i); err != nil {
			t.Fatal(err)
		}
	}
	mustHave(t, "before a sync", read(t, v), map[string]any{
		"closed": false, "poisoned": false, "poisoned_by": nil, "events": 3.0, "staged_sequence": 3.0, "visible_sequence": 3.0, "durable_sequence": 0.0,
		"identity": store.Stats().Identity.String(), "incarnation": 1.0, "segments": 1.0,
	})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	mustHave(t, "closed", read(t, v), map[string]any{"closed": true, "events": 3.0, "durable_sequence": 3.0})
	if got := metrics.Var(nil).String(); got != "null" {
		t.Errorf("of no store: %s", got)
	}
}

func TestTheVariableHasEveryMetric(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t)
	defer store.Close()
	object := read(t, metrics.Var(store))
	for _, m := range metrics.Of(&engine.Stats{}) {
		_, isBool := object[m.FullName()].(bool)
		_, isNumber := object[m.FullName()].(float64)
		if isBool != (m.Kind == metrics.Flag) || isNumber == isBool {
			t.Errorf("%s is %v", m.FullName(), object[m.FullName()])
		}
	}
}

func TestTheVariableListsFollowersThatHaveANameAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t, engine.Options{Sync: engine.SyncManual()})
	defer store.Close()
	cursor, err := store.CursorGuaranteed(event.Entity("entity"), engine.CursorOptions{Name: `"bills"`})
	if err != nil {
		t.Fatal(err)
	}
	reactor, err := store.StartReactor(engine.ReactorOptions{Name: "answers", Region: event.OfKind(event.Data)},
		func(context.Context, event.Event, *engine.Batch) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CursorGuaranteed(event.Everything(), engine.CursorOptions{}); err != nil {
		t.Fatal(err)
	}
	sub, err := store.SubscribeLossy(event.Everything(), engine.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := store.Append(here, event.Data, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := reactor.WaitFor(t.Context(), receipt.Sequence); err != nil {
		t.Fatal(err)
	}
	object := read(t, metrics.Var(store))
	mustHave(t, "counts", object, map[string]any{"cursors": 3.0, "reactors": 1.0, "subscriptions": 1.0, "cursors_lag": 1.0, "subscriptions_lag": 1.0})
	list, _ := object["followers"].([]any)
	if len(list) != 2 {
		t.Fatalf("%d followers: %v", len(list), list)
	}
	mustHave(t, "the cursor", list[0].(map[string]any), map[string]any{
		"kind": "cursor", "name": `"bills"`, "region": `entity "entity"`, "position": 0.0, "acked": 0.0, "lag": 1.0, "waiting": false,
	})
	mustHave(t, "the reactor", list[1].(map[string]any), map[string]any{
		"kind": "reactor", "name": "answers", "acked": 1.0, "lag": 0.0, "events": 1.0, "reactions": 0.0, "parked": 0.0,
	})
	if _, has := list[0].(map[string]any)["events"]; has {
		t.Error("the cursor has what a reactor counts")
	}
	if err := cursor.Close(); err != nil || sub.Close() != nil || reactor.Stop() != nil {
		t.Error(err)
	}
	if left := read(t, metrics.Var(store))["followers"].([]any); len(left) != 0 {
		t.Errorf("all are closed: %v", left)
	}
}

func TestImportingTheEngineBringsInNoServer(t *testing.T) {
	t.Parallel()
	if !strings.Contains(dependencies(t, "metrics"), "\nnet/http\n") {
		t.Error("the check finds no net/http where it is")
	}
	if strings.Contains(dependencies(t, "engine"), "\nnet/http\n") {
		t.Error("the engine imports net/http")
	}
}
