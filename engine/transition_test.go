// Applying transitions: what is stored of them, and that old values of machines are refused.

package engine_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/typestate"
)

// An order that is paid, maybe in parts, and shipped.
type (
	placed  struct{ Due int }
	paid    struct{ Sum int }
	shipped struct{}

	payment struct {
		Sum int `codec:"sum"`
	}
	parcel struct{}
)

var (
	order7  = event.MustAt("order-7", "shop")
	payPart = typestate.MustNew(event.MustKind(0xF, 1), "pay a part", func(p placed, a payment) placed { return placed{p.Due - a.Sum} })
	payRest = typestate.MustNew(event.MustKind(0xF, 2), "pay the rest", func(p placed, a payment) paid { return paid{p.Due} })
	ship    = typestate.MustNew[paid, shipped, parcel](event.MustKind(0xF, 3), "ship", nil)
)

func orders(t failer) *typestate.Lifecycle {
	t.Helper()
	life, err := typestate.NewLifecycle(placed{100}, payPart, payRest, ship)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return life
}

// mustLoad finds the order in the store's events.
func mustLoad(t failer, s *engine.Store) typestate.Loaded {
	t.Helper()
	loaded, err := orders(t).Load(order7, s.Stream(order7.Entity(), engine.ReadOptions{}))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return loaded
}

// mustBeIn loads the order, which is in state S.
func mustBeIn[S any](t failer, s *engine.Store) typestate.Machine[S] {
	t.Helper()
	loaded := mustLoad(t, s)
	machine, ok := typestate.As[S](loaded)
	if !ok {
		t.Fatalf("it is in state %T", loaded.State())
	}
	return machine
}

func TestTransitionsAreStoredAndFoundAgain(t *testing.T) {
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{})
	isPlaced := mustBeIn[placed](t, s)
	isPlaced, first, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, engine.AppendOptions{Tags: []string{"cash"}})
	if err != nil || isPlaced.State() != (placed{70}) || isPlaced.Clock() != 1 || isPlaced.Last() != first.ID || first.Position.Clock != 1 {
		t.Fatalf("got %+v, %+v, %v", isPlaced, first, err)
	}
	isPaid, second, err := engine.ApplyTransition(s, isPlaced, payRest, payment{70}, engine.AppendOptions{Cause: first.ID})
	if err != nil || isPaid.State() != (paid{70}) {
		t.Fatalf("got %+v, %v", isPaid, err)
	}
	all := query(t, s, event.Everything(), engine.ReadOptions{})
	if len(all) != 2 || all[0].Kind != payPart.Kind() || all[0].Coordinate != order7 || !all[0].HasTags("cash") || all[1].Kind != payRest.Kind() || all[1].Cause != first.ID || all[1].ID != second.ID {
		t.Fatalf("got %+v", all)
	}
	var sum payment
	if err := all[0].Decode(&sum); err != nil || sum.Sum != 30 {
		t.Errorf("got %+v, %v", sum, err)
	}
	mustClose(t, s)

	s = mustOpen(t, path, engine.Options{})
	isPaid = mustBeIn[paid](t, s)
	if isPaid.State() != (paid{70}) || isPaid.Clock() != 2 || isPaid.Last() != second.ID {
		t.Errorf("found again as %+v", isPaid)
	}
	if _, _, err := engine.ApplyTransition(s, isPaid, ship, parcel{}, engine.AppendOptions{}); err != nil {
		t.Error(err)
	}
	mustBeIn[shipped](t, s)
	mustClose(t, s)
}

func TestAnOldValueOfAMachineIsRefused(t *testing.T) {
	s := quickStore(t, engine.Options{})
	old := mustBeIn[placed](t, s)
	if _, _, err := engine.ApplyTransition(s, old, payPart, payment{30}, engine.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, receipt, err := engine.ApplyTransition(s, old, payPart, payment{30}, engine.AppendOptions{}); !errors.Is(err, typestate.ErrMachineUsed) || receipt != (engine.Receipt{}) {
		t.Errorf("got %+v, %v", receipt, err)
	}
	if got := s.Stats().Visible; got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestAMachineThatWasLoadedBeforeOthersWentOnIsRefused(t *testing.T) {
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{})
	unstarted, late := mustBeIn[placed](t, s), mustBeIn[placed](t, s)
	if _, _, err := engine.ApplyTransition(s, late, payPart, payment{30}, engine.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	started, late := mustBeIn[placed](t, s), mustBeIn[placed](t, s)
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{}) // another process, as far as the machines are concerned
	if _, _, err := engine.ApplyTransition(s, late, payRest, payment{70}, engine.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, machine := range []typestate.Machine[placed]{unstarted, started} {
		for range 2 { // it can be tried again, and stays old
			next, receipt, err := engine.ApplyTransition(s, machine, payPart, payment{30}, engine.AppendOptions{})
			var conflict *engine.ConflictError
			if !errors.As(err, &conflict) || !errors.Is(err, engine.ErrConflict) || receipt != (engine.Receipt{}) || !next.Used() || machine.Used() {
				t.Fatalf("got %+v, %+v, %v", next, receipt, err)
			}
			if conflict.Entity != "order-7" || conflict.WantClock != 0 || conflict.WantID != machine.Last() || conflict.GotClock != 2 || conflict.Event.Sequence != 2 {
				t.Errorf("got %+v", conflict)
			}
		}
	}
	if got := s.Stats().Visible; got != 2 {
		t.Errorf("%d events are stored", got)
	}
	mustClose(t, s)
}

func TestAMachineWhoseEventWasLostIsRefusedAtAnEqualClock(t *testing.T) {
	first, second := quickStore(t, engine.Options{}), quickStore(t, engine.Options{})
	for _, s := range []*engine.Store{first, second} { // the second one stands for the first without its last event, and gone on
		if _, _, err := engine.ApplyTransition(s, mustBeIn[placed](t, s), payPart, payment{30}, engine.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := engine.ApplyTransition(second, mustBeIn[placed](t, first), payRest, payment{70}, engine.AppendOptions{})
	var conflict *engine.ConflictError
	if !errors.As(err, &conflict) || !conflict.ByID {
		t.Errorf("got %v", err)
	}
}

func TestARepeatedTransitionIsFoundByItsKey(t *testing.T) {
	s := quickStore(t, engine.Options{})
	options := engine.AppendOptions{Key: "payment 1"}
	machine, repeated := mustBeIn[placed](t, s), mustBeIn[placed](t, s)
	_, first, err := engine.ApplyTransition(s, machine, payPart, payment{30}, options)
	if err != nil {
		t.Fatal(err)
	}
	isPlaced, again, err := engine.ApplyTransition(s, repeated, payPart, payment{30}, options)
	if first.Duplicate = true; err != nil || again != first || isPlaced.Clock() != 1 || isPlaced.Last() != first.ID || isPlaced.State() != (placed{70}) {
		t.Fatalf("got %+v, %+v, %v", isPlaced, again, err)
	}
	next, again, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, options)
	if !errors.Is(err, typestate.ErrOutOfStep) || again != first || !next.Used() {
		t.Errorf("got %+v, %+v, %v", next, again, err)
	}
	if got := s.Stats().Visible; got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestAMachineSurvivesWhatIsRefused(t *testing.T) {
	s := quickStore(t, engine.Options{})
	isPlaced := mustBeIn[placed](t, s)
	for want, options := range map[error]engine.AppendOptions{
		engine.ErrInvalid:  {Expect: engine.ExpectClock(0)},
		engine.ErrNotFound: {Cause: event.MakeID(1, 1, 1)},
		engine.ErrConflict: {Conditions: []engine.Condition{engine.EntityIs("till", engine.ExpectClock(3))}},
	} {
		if next, receipt, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, options); !errors.Is(err, want) || receipt != (engine.Receipt{}) || !next.Used() {
			t.Errorf("got %+v, %+v, %v, want %v", next, receipt, err, want)
		}
	}
	if _, _, err := engine.ApplyTransition(s, typestate.Machine[placed]{}, payPart, payment{30}, engine.AppendOptions{}); !errors.Is(err, typestate.ErrNoMachine) || !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	unencodable := typestate.MustNew[placed, paid, chan int](event.Data, "pay by wire", nil)
	if _, _, err := engine.ApplyTransition(s, isPlaced, unencodable, nil, engine.AppendOptions{}); !errors.Is(err, event.ErrUnencodable) {
		t.Errorf("got %v", err)
	}
	if got := s.Stats().Staged; got != 0 {
		t.Errorf("%d events are stored", got)
	}
	if _, _, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, engine.AppendOptions{}); err != nil {
		t.Error(err)
	}
}

func TestTheConditionsOfACallerStayAsTheyAre(t *testing.T) {
	s := quickStore(t, engine.Options{})
	conditions := make([]engine.Condition, 1, 8)
	conditions[0] = engine.EntityIs("till", engine.ExpectClock(0))
	isPlaced := mustBeIn[placed](t, s)
	for range 2 {
		var err error
		if isPlaced, _, err = engine.ApplyTransition(s, isPlaced, payPart, payment{30}, engine.AppendOptions{Conditions: conditions}); err != nil {
			t.Fatal(err)
		}
	}
	if spare := conditions[:2]; !reflect.ValueOf(spare[1]).IsZero() {
		t.Error("the room behind them was written")
	}
}

func TestATransitionMayComeThroughGates(t *testing.T) {
	s := quickStore(t, engine.Options{})
	receipt := mustBypass(t, 30, "till is broken", "")
	if _, _, err := engine.ApplyTransition(s, mustBeIn[placed](t, s), payPart, payment{30}, engine.AppendOptions{Gate: receipt}); err != nil {
		t.Fatal(err)
	}
	found := query(t, s, event.Everything().FromGate(event.GateBypassed), engine.ReadOptions{})
	if len(found) != 1 || found[0].Kind != payPart.Kind() || found[0].Gate.Reason != "till is broken" {
		t.Errorf("got %+v", found)
	}
	isPlaced := mustBeIn[placed](t, s)
	if _, _, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, engine.AppendOptions{Gate: receipt}); !errors.Is(err, gate.ErrReceiptUsed) || isPlaced.Used() {
		t.Errorf("got %v", err)
	}
}

func TestATransitionMayBePartOfABatch(t *testing.T) {
	s := quickStore(t, engine.Options{})
	isPlaced := mustBeIn[placed](t, s)
	isPaid, err := typestate.Apply(isPlaced, payRest, payment{100}, func(step typestate.Step[payment]) (typestate.Stored, error) {
		var batch engine.Batch
		item := batch.Add(step.Coordinate, step.Kind, step.Payload).Expect(engine.ExpectClock(step.Clock))
		batch.Add(event.MustAt("till", "shop"), event.Data, step.Payload).CausedBy(item)
		receipts, err := s.AppendBatch(&batch)
		if err != nil {
			return typestate.Stored{}, err
		}
		return typestate.Stored{ID: receipts[0].ID, Clock: receipts[0].Position.Clock}, nil
	})
	if err != nil || isPaid.Clock() != 1 || s.Stats().Visible != 2 {
		t.Fatalf("got %+v, %v, %d stored", isPaid, err, s.Stats().Visible)
	}
	if found := mustBeIn[paid](t, s); found.Last() != isPaid.Last() || found.State() != isPaid.State() {
		t.Errorf("found again as %+v, want %+v", found, isPaid)
	}
}

func TestOfManyMachinesOfOneEntityOneGoesOn(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	for round := range uint64(50) {
		var stored atomic.Int32
		var done sync.WaitGroup
		var machines []typestate.Machine[placed]
		for range 4 {
			machines = append(machines, mustBeIn[placed](t, s))
		}
		for _, machine := range machines {
			if machine.Clock() != round {
				t.Fatalf("at clock %d in round %d", machine.Clock(), round)
			}
			done.Go(func() {
				_, _, err := engine.ApplyTransition(s, machine, payPart, payment{1}, engine.AppendOptions{})
				if err == nil {
					stored.Add(1)
				} else if !errors.Is(err, engine.ErrConflict) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if stored.Load() != 1 {
			t.Fatalf("%d transitions were stored", stored.Load())
		}
	}
	if got := mustBeIn[placed](t, s).State(); got != (placed{50}) {
		t.Errorf("got %+v", got)
	}
}

func TestATransitionWithAKeyIsTriedAgainWhenItsOutcomeIsUnknown(t *testing.T) {
	d := newUnreliable(vfs.NewMemory())
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && op.Name == firstSegment && s.Stats().Staged > 0 {
			return errInjected
		}
		return nil
	})
	isPlaced, receipt := mustBeIn[placed](t, s), mustPass(t, 30)
	options := engine.AppendOptions{Key: "payment 1", Gate: receipt}
	if _, _, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, options); !errors.Is(err, engine.ErrIndeterminate) || isPlaced.Used() || !receipt.Used() {
		t.Fatalf("got %v", err)
	}
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
		t.Fatal(err)
	}
	d.when(nil)
	s = mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	options.Gate = mustPass(t, 30)
	next, stored, err := engine.ApplyTransition(s, isPlaced, payPart, payment{30}, options)
	if err != nil || next.State() != (placed{70}) || next.Clock() != 1 || next.Last() != stored.ID {
		t.Fatalf("got %+v, %+v, %v", next, stored, err)
	}
	if found := query(t, s, event.Everything(), engine.ReadOptions{}); len(found) != 1 || found[0].ID != stored.ID || found[0].Gate == nil {
		t.Errorf("got %+v", found)
	}
	mustClose(t, s)
}
