// This file holds the shop: its events, and the batches that are shown.

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The payloads.
type (
	placed struct {
		Customer string `codec:"customer"`
	}
	line struct {
		Item  string `codec:"item"`
		Count int    `codec:"count"`
	}
	received struct {
		Count int `codec:"count"`
	}
	reserved struct {
		Order string `codec:"order"`
		Count int    `codec:"count"`
	}
)

// kinds are the typed kinds of the shop.
type kinds struct {
	registry *engine.Registry
	placed   engine.Type[placed]
	line     engine.Type[line]
	received engine.Type[received]
	reserved engine.Type[reserved]
}

func newKinds() kinds {
	r := engine.NewRegistry()
	return kinds{
		registry: r,
		placed:   engine.MustRegister[placed](r, event.MustKind(0xC, 1), "order.placed", 1),
		line:     engine.MustRegister[line](r, event.MustKind(0xC, 2), "order.line", 1),
		received: engine.MustRegister[received](r, event.MustKind(0xC, 3), "stock.received", 1),
		reserved: engine.MustRegister[reserved](r, event.MustKind(0xC, 4), "stock.reserved", 1),
	}
}

// shop is what the steps share.
type shop struct {
	store *engine.Store
	kinds kinds
	out   io.Writer
	first []engine.Receipt // of the order
	wrong bool
}

func orderAt(number int) event.Coordinate {
	return event.MustAt(fmt.Sprintf("order:%d", number), "shop")
}
func stockAt(item string) event.Coordinate { return event.MustAt("stock:"+item, "shop") }

// deliver stores what there is to be sold.
func (s *shop) deliver() error {
	batch := engine.Batch{Key: "delivery:1"}
	s.kinds.received.AddTo(&batch, stockAt("tea"), received{10})
	s.kinds.received.AddTo(&batch, stockAt("cup"), received{4})
	receipts, err := s.store.AppendBatch(&batch)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "A delivery, two events in one batch:")
	return s.print(receipts)
}

// orderBatch is an order of two lines, each of which reserves stock. It rests on the stock as it was at a clock.
func (s *shop) orderBatch(number int, customer string, stock uint64) *engine.Batch {
	order := orderAt(number)
	batch := &engine.Batch{Key: order.Entity()}
	head := s.kinds.placed.AddTo(batch, order, placed{customer}).Expect(engine.ExpectClock(0)).Tags("web")
	for i, l := range []line{{"tea", 2}, {"cup", 1}} {
		// The clock of the order as it will be when this item's turn comes.
		added := s.kinds.line.AddTo(batch, order, l).CausedBy(head).Expect(engine.ExpectClock(uint64(1 + i)))
		s.kinds.reserved.AddTo(batch, stockAt(l.Item), reserved{order.Entity(), l.Count}).
			CausedByIndex(added.Index()).Expect(engine.ExpectClock(stock))
	}
	return batch
}

// order stores an order.
func (s *shop) order() error {
	receipts, err := s.store.AppendBatch(s.orderBatch(1001, "ann", 1))
	if err != nil {
		return err
	}
	s.first = receipts
	fmt.Fprintln(s.out, "An order, its lines, and what they reserve, in one batch:")
	if err := s.print(receipts); err != nil {
		return err
	}
	var events []event.Event
	for _, r := range receipts {
		ev, err := s.store.At(r.Sequence)
		if err != nil {
			return err
		}
		events = append(events, ev)
	}
	s.claim(receipts[4].Sequence == receipts[0].Sequence+4, "the events stand one behind the other")
	s.claim(events[1].Cause == events[0].ID && events[2].Cause == events[1].ID, "the order caused its line, the line the reservation")
	s.claim(events[4].Position.Depth == 2, "which is two steps from the order")
	return nil
}

// conflict tries to store an order that rests on the stock before the first order.
func (s *shop) conflict() error {
	before := s.store.Stats().Staged
	_, err := s.store.AppendBatch(s.orderBatch(1002, "bob", 1))
	var failed *engine.BatchError
	var conflict *engine.ConflictError
	if !errors.As(err, &failed) || !errors.As(err, &conflict) {
		return errors.Join(errors.New("the order that rests on old stock was to fail"), err)
	}
	fmt.Fprintln(s.out, "An order that rests on stock which has changed:")
	fmt.Fprintln(s.out, "     ", err)
	s.claim(failed.Item == 2 && failed.Stage == engine.StageCondition, "the error names item %d, a reservation, and the stage %q", failed.Item, failed.Stage)
	s.claim(conflict.Entity == "stock:tea" && conflict.WantClock == 1 && conflict.GotClock == 2, "and that clock %d of %s was wanted and %d is there", conflict.WantClock, conflict.Entity, conflict.GotClock)
	clock, err := s.store.Clock(orderAt(1002).Entity())
	if err != nil {
		return err
	}
	s.claim(clock == 0 && s.store.Stats().Staged == before, "nothing of the batch is stored, also not the items before")
	return nil
}

// repeat stores the first order again.
func (s *shop) repeat() error {
	before := s.store.Stats().Staged
	again, err := s.store.AppendBatch(s.orderBatch(1001, "ann", 1))
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "The first order once more, with its key, as after a lost answer:")
	same := slices.EqualFunc(again, s.first, func(a, b engine.Receipt) bool { return a.Duplicate && a.ID == b.ID && a.Sequence == b.Sequence })
	s.claim(same, "the receipts are those of the first time, marked as duplicates")
	s.claim(s.store.Stats().Staged == before, "nothing is stored, and the expectations, which no longer hold, don't matter")
	return nil
}

// reuse stores another order with the key of the first one.
func (s *shop) reuse() error {
	before := s.store.Stats().Staged
	_, err := s.store.AppendBatch(s.orderBatch(1001, "eve", 1))
	fmt.Fprintln(s.out, "Another order with that key:")
	fmt.Fprintln(s.out, "     ", err)
	s.claim(errors.Is(err, engine.ErrIdempotencyConflict), "it is refused")
	s.claim(s.store.Stats().Staged == before, "nothing is stored")
	return nil
}

// print shows the events of some receipts as they are stored.
func (s *shop) print(receipts []engine.Receipt) error {
	for _, r := range receipts {
		ev, err := s.store.At(r.Sequence)
		if err != nil {
			return err
		}
		value, err := s.store.Decode(ev)
		if err != nil {
			return err
		}
		note := ""
		if ev.CauseSequence != 0 {
			note = fmt.Sprintf(", caused by %d", ev.CauseSequence)
		}
		if r.Duplicate {
			note += ", stored by an earlier run"
		}
		fmt.Fprintf(s.out, "      %d %s clock %d: %s %+v%s\n", ev.Sequence, ev.Entity(), ev.Position.Clock, s.name(ev.Kind), value, note)
	}
	return nil
}

// name returns that of a kind.
func (s *shop) name(kind event.Kind) string {
	types := s.kinds.registry.Types()
	i := slices.IndexFunc(types, func(t engine.TypeInfo) bool { return t.Kind == kind })
	if i < 0 {
		return kind.String()
	}
	return types[i].Name
}
