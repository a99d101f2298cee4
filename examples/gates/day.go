// This file holds the story: what is tried on a day, and what must come of it.

package main

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// sell tries to sell in every way there is.
func (m *market) sell() error {
	for _, step := range []func() error{m.passes, m.denied, m.deniedByAll, m.bypassed, m.outdated} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// passes sells two packets.
func (m *market) passes() error {
	known, err := m.look(order{Item: tea, Count: 2, Cents: 1200, Hour: 10})
	if err != nil {
		return err
	}
	committed, err := m.buy(known)
	if err != nil {
		return fmt.Errorf("%v was to pass: %w", known.order, err)
	}
	ev, err := m.store.At(committed.Result().Sequence)
	if err != nil {
		return err
	}
	if ev.Gate == nil || ev.Gate.Outcome != event.GatePassed {
		return fmt.Errorf("event %d does not say that it passed", ev.Sequence)
	}
	fmt.Fprintf(m.out, "passed:   %v, stored at clock %d: %v %v\n", known.order, ev.Position.Clock, ev.Gate.Outcome, ev.Gate.Gates)
	return nil
}

// denied wants more than there is.
func (m *market) denied() error {
	known, err := m.look(order{Item: tea, Count: 50, Cents: 3000, Hour: 10})
	if err != nil {
		return err
	}
	_, err = m.buy(known)
	var denial *gate.Denial
	if !errors.As(err, &denial) || denial.Gate != "stock" {
		return fmt.Errorf("%v was to be denied by the stock: %v", known.order, err)
	}
	left, _ := denial.Detail("left")
	fmt.Fprintf(m.out, "denied:   %v\n          %v\n          for programs: %s, %s left\n", known.order, denial, denial.Code, left)
	return m.unchanged(known)
}

// deniedByAll wants everything wrong at once, and wants to hear all of it.
func (m *market) deniedByAll() error {
	known, err := m.look(order{Item: tea, Count: 50, Cents: 30000, Hour: 3})
	if err != nil {
		return err
	}
	_, err = gate.EvaluateAll(m.set, known, gate.Propose(known.order))
	var denials gate.Denials
	if !errors.As(err, &denials) || len(denials) != len(m.set.Names()) {
		return fmt.Errorf("%v was to be denied by all gates: %v", known.order, err)
	}
	fmt.Fprintf(m.out, "denied:   %v, by %d gates\n", known.order, len(denials))
	for _, denial := range denials {
		fmt.Fprintf(m.out, "          %v\n", denial)
	}
	return m.unchanged(known)
}

// bypassed sells at night, past the gates, and tries to use the receipt of that twice.
func (m *market) bypassed() error {
	known, err := m.look(order{Item: tea, Count: 1, Cents: 600, Hour: 22})
	if err != nil {
		return err
	}
	receipt, err := gate.Bypass(m.set, gate.Propose(known.order), "hospital at night", "phone call with the market's head, ticket 7")
	if err != nil {
		return err
	}
	commit := m.commit(known)
	if _, err := commit(receipt); err != nil {
		return fmt.Errorf("%v was to be sold past the gates: %w", known.order, err)
	}
	fmt.Fprintf(m.out, "bypassed: %v, %s\n", known.order, receipt.Record().Reason)
	known, err = m.look(known.order)
	if err != nil {
		return err
	}
	_, err = m.commit(known)(receipt)
	if !errors.Is(err, gate.ErrReceiptUsed) {
		return fmt.Errorf("the receipt was to be refused at its second use: %v", err)
	}
	fmt.Fprintf(m.out, "refused:  the same receipt again: %v\n", err)
	return m.unchanged(known)
}

// outdated judges two orders by the same facts. Both pass, only one can be true.
func (m *market) outdated() error {
	known, err := m.look(order{Item: tea, Count: 4, Cents: 2400, Hour: 16})
	if err != nil {
		return err
	}
	if _, err := m.buy(known); err != nil {
		return fmt.Errorf("%v was to pass: %w", known.order, err)
	}
	fmt.Fprintf(m.out, "passed:   %v\n", known.order)
	_, err = m.buy(known)
	if !errors.Is(err, engine.ErrConflict) {
		return fmt.Errorf("a decision by old facts was to be refused: %v", err)
	}
	fmt.Fprintf(m.out, "refused:  the same by the same facts: the gates let it pass, but something was sold since\n")
	if known, err = m.look(known.order); err != nil {
		return err
	}
	_, err = m.buy(known)
	if !errors.Is(err, gate.ErrDenied) {
		return fmt.Errorf("%v was to be denied by new facts: %v", known.order, err)
	}
	fmt.Fprintf(m.out, "denied:   the same by new facts\n          %v\n", err)
	return m.unchanged(known)
}

// unchanged checks that nothing was stored since something was known.
func (m *market) unchanged(known facts) error {
	if visible := m.store.Stats().Visible; visible != known.seen {
		return fmt.Errorf("%d events were stored", visible-known.seen)
	}
	return nil
}

// audit lists the sales past the gates, and counts those through them.
func (m *market) audit() error {
	var bypassed, bypassedToday, passed, passedToday int
	fmt.Fprintln(m.out, "audit:")
	for ev, err := range m.store.Query(event.OfKind(sold).FromGate(event.GateBypassed), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		var o order
		if err := ev.Decode(&o); err != nil {
			return err
		}
		bypassed++
		if ev.Scope() == m.scope {
			bypassedToday++
		}
		fmt.Fprintf(m.out, "  %s: %v past %v: %s (%s)\n", ev.Coordinate, o, ev.Gate.Gates, ev.Gate.Reason, ev.Gate.Justification)
	}
	for ev, err := range m.store.Query(event.OfKind(sold).FromGate(event.GatePassed), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		passed++
		if ev.Scope() == m.scope {
			passedToday++
		}
	}
	fmt.Fprintf(m.out, "  %d past the gates, %d through them\n", bypassed, passed)
	if bypassedToday != 1 || passedToday != 2 {
		return fmt.Errorf("the audit found %d sales of today past the gates and %d through them, want 1 and 2", bypassedToday, passedToday)
	}
	return nil
}
