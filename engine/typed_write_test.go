// Typed kinds in batches and reactions, and what they cost.

package engine_test

import (
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestABatchMayMixTypedKinds(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	var batch engine.Batch
	value := order{Items: []string{"tea"}, Cents: 1}
	first := kinds.order.AddTo(&batch, here, value).Tags("first")
	value.Items[0] = "changed later"
	kinds.point.AddTo(&batch, here, point{1, 2}).CausedBy(first)
	kinds.packed.AddTo(&batch, here, packed{3, 4}).With(engine.AppendOptions{Lane: 5}).Expect(engine.ExpectClock(2))
	batch.Add(here, otherKind, "untyped")
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []any{order{[]string{"tea"}, 1}, point{1, 2}, packed{3, 4}} {
		ev := mustBeAt(t, s, receipts[i].Sequence)
		if got, err := s.Decode(ev); err != nil || !reflect.DeepEqual(got, want) || ev.Version == 0 {
			t.Errorf("item %d: %+v version %d %v", i, got, ev.Version, err)
		}
	}
	if ev := mustBeAt(t, s, receipts[1].Sequence); ev.Cause != receipts[0].ID {
		t.Errorf("the cause is %s, not %s", ev.Cause, receipts[0].ID)
	}
	if ev := mustBeAt(t, s, receipts[2].Sequence); ev.Position.Lane != 5 {
		t.Errorf("options were lost: %+v", ev)
	}
}

func TestItemsOfOneTypeKeepTheirOwnValues(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	var batch engine.Batch
	for i := range 10 {
		kinds.point.AddTo(&batch, here, point{int64(i), 1})
		kinds.order.AddTo(&batch, here, order{Cents: int64(i)})
	}
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		p, err1 := kinds.point.Decode(mustBeAt(t, s, receipts[2*i].Sequence))
		o, err2 := kinds.order.Decode(mustBeAt(t, s, receipts[2*i+1].Sequence))
		if err1 != nil || err2 != nil || p.X != int64(i) || o.Cents != int64(i) {
			t.Errorf("items %d: %+v %+v %v %v", i, p, o, err1, err2)
		}
	}
}

func TestATypedItemWithAnotherVersionFailsItsBatch(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	var batch engine.Batch
	kinds.point.AddTo(&batch, here, point{})
	item := kinds.order.AddTo(&batch, here, order{}).With(engine.AppendOptions{Version: 2})
	_, err := s.AppendBatch(&batch)
	var failed *engine.BatchError
	var option *engine.OptionError
	if !errors.As(err, &failed) || failed.Item != 1 || failed.Stage != engine.StageValidate || !errors.As(err, &option) || option.Field != "Version" {
		t.Errorf("got %v", err)
	}
	item.With(engine.AppendOptions{})
	if receipts, err := s.AppendBatch(&batch); err != nil || len(receipts) != 2 {
		t.Errorf("put right: %v %v", receipts, err)
	}
}

func TestATypedValueThatCannotBeEncodedFailsItsBatch(t *testing.T) {
	t.Parallel()
	r := engine.NewRegistry()
	calls := engine.MustRegister[struct{ Call func() }](r, otherKind, "call", 1)
	s := quickStore(t, engine.Options{Registry: r})
	var batch engine.Batch
	calls.AddTo(&batch, here, struct{ Call func() }{})
	_, err := s.AppendBatch(&batch)
	var failed *engine.BatchError
	if !errors.As(err, &failed) || failed.Item != 0 || failed.Stage != engine.StageEncode || !errors.Is(err, event.ErrUnencodable) {
		t.Errorf("got %v", err)
	}
}

func TestATypedReactionIsPartOfTheConversation(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	cause, err := kinds.order.Append(s, here, order{})
	if err != nil {
		t.Fatal(err)
	}
	for _, react := range []func() (engine.Receipt, error){
		func() (engine.Receipt, error) {
			return kinds.point.React(s, cause.ID, here, point{1, 2}, engine.AppendOptions{Lane: 3})
		},
		func() (engine.Receipt, error) {
			return kinds.order.React(s, cause.ID, here, order{}, engine.AppendOptions{Lane: 3})
		},
	} {
		r, err := react()
		if err != nil {
			t.Fatal(err)
		}
		ev := mustBeAt(t, s, r.Sequence)
		if ev.Cause != cause.ID || ev.CauseSequence != cause.Sequence || ev.Correlation != cause.ID || ev.Position.Depth != 1 || ev.Position.Lane != 3 || ev.Version == 0 {
			t.Errorf("stored %+v", ev.Header)
		}
	}
	if _, err := kinds.point.React(s, event.ID{}, here, point{}, engine.AppendOptions{}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("no cause: %v", err)
	}
	if _, err := kinds.point.React(s, event.MakeID(1, 1, 1), here, point{}, engine.AppendOptions{}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a cause that does not exist: %v", err)
	}
	if _, err := kinds.point.React(s, cause.ID, here, point{}, engine.AppendOptions{Version: 9}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("another version: %v", err)
	}
}

func TestATypedAppendWithAKeyIsStoredOnce(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	options := engine.AppendOptions{Key: "once", Expect: engine.ExpectClock(0)}
	first, err := kinds.point.AppendWith(s, here, point{1, 2}, options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := kinds.point.AppendWith(s, here, point{1, 2}, options)
	first.Duplicate = true
	if err != nil || again != first {
		t.Errorf("again: %+v %v", again, err)
	}
	if _, err := kinds.point.AppendWith(s, here, point{1, 3}, options); !errors.Is(err, engine.ErrIdempotencyConflict) {
		t.Errorf("another value: %v", err)
	}
}

// seen is a point that notes who called its methods.
type seen struct {
	point
	callers *[]string
}

func (v *seen) note() {
	if v.callers == nil {
		return
	}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		*v.callers = append(*v.callers, frame.Function)
		if !more {
			return
		}
	}
}

func (v *seen) AppendBinary(dst []byte) ([]byte, error) {
	v.note()
	return v.point.AppendBinary(dst)
}

func (v *seen) UnmarshalBinary(b []byte) error {
	var callers []string
	v.callers = &callers
	v.note()
	return v.point.UnmarshalBinary(b)
}

func TestTypesThatEncodeThemselvesAreNotReflectedOn(t *testing.T) {
	t.Parallel()
	r := engine.NewRegistry()
	kind := engine.MustRegister[seen](r, otherKind, "seen", 1)
	s := quickStore(t, engine.Options{Registry: r, Sync: engine.SyncManual()})
	var encoding []string
	receipt, err := kind.Append(s, here, seen{callers: &encoding})
	if err != nil {
		t.Fatal(err)
	}
	ev := mustBeAt(t, s, receipt.Sequence)
	got, err := kind.Decode(ev)
	if err != nil {
		t.Fatal(err)
	}
	var untyped seen
	if err := ev.Decode(&untyped); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		callers []string
		want    bool
	}{"appending": {encoding, false}, "decoding": {*got.callers, false}, "decoding without the type, as a check of this test": {*untyped.callers, true}} {
		reflects := false
		for _, function := range c.callers {
			reflects = reflects || strings.Contains(function, "payload.guardedUnmarshal") || strings.Contains(function, "payload.(*plan)") || strings.HasPrefix(function, "reflect.")
		}
		if reflects != c.want || len(c.callers) < 3 {
			t.Errorf("%s: called by %v", name, c.callers)
		}
	}
}
