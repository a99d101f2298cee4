// This file holds the proof: every event read back, and compared with what must hold.

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// findings is what the events say, whatever the run counted.
type findings struct {
	paid, declined int
	total          int64
	events         int
	problems       []string
}

// inspection reads the events in their order.
type inspection struct {
	*bank
	findings
	balances map[string]int64
	decided  map[int]bool // transfers
	open     *debited     // the debit whose credit must be the next event
	openTo   event.ID     // its id
}

// maxProblems keeps a report readable.
const maxProblems = 10

func (i *inspection) problem(format string, args ...any) {
	if len(i.problems) < maxProblems {
		i.problems = append(i.problems, fmt.Sprintf(format, args...))
	}
}

// inspect reads all events and compares them with what must hold after the transfers 1 to transfers.
func (b *bank) inspect(transfers int) (findings, error) {
	i := &inspection{bank: b, balances: make(map[string]int64), decided: make(map[int]bool)}
	for ev, err := range b.store.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			return i.findings, err
		}
		i.events++
		if err := i.event(ev); err != nil {
			return i.findings, err
		}
	}
	if i.open != nil {
		i.problem("transfer %d is debited and not credited", i.open.Transfer)
	}
	for number := 1; number <= transfers; number++ {
		if !i.decided[number] {
			i.problem("transfer %d is not there", number)
		}
	}
	for _, balance := range i.balances {
		i.total += balance
	}
	if want := b.terms.total(); i.total != want {
		i.problem("the accounts hold %d together, must be %d", i.total, want)
	}
	if len(i.balances) != b.terms.Accounts {
		i.problem("there are %d accounts, must be %d", len(i.balances), b.terms.Accounts)
	}
	return i.findings, nil
}

// total is what the accounts hold together, always.
func (o opened) total() int64 { return int64(o.Accounts) * o.Balance }

// event takes one event into account.
func (i *inspection) event(ev event.Event) error {
	if ev.Kind == i.kinds.opened.Kind() {
		return nil
	}
	change, err := i.kinds.change(ev)
	if err != nil {
		return err
	}
	value, err := i.store.Decode(ev)
	if err != nil {
		return err
	}
	if _, credit := value.(credited); !credit && i.open != nil {
		i.problem("event %d stands between the two of transfer %d", ev.Sequence, i.open.Transfer)
		i.open = nil
	}
	switch v := value.(type) {
	case debited:
		i.paid++
		i.decide(ev, v.Transfer, v.Amount)
		i.open, i.openTo = &v, ev.ID
	case declined:
		i.declined++
		i.decide(ev, v.Transfer, v.Amount)
	case credited:
		t := i.terms.transfer(v.Transfer)
		if i.open == nil || *i.open != debited(v) || ev.Cause != i.openTo || ev.Coordinate != at(t.to) {
			i.problem("event %d credits transfer %d, which was not debited before it", ev.Sequence, v.Transfer)
		}
		i.open = nil
	}
	i.balances[ev.Entity()] += change
	if i.balances[ev.Entity()] < 0 {
		i.problem("%s is below zero at event %d", ev.Entity(), ev.Sequence)
	}
	return nil
}

// decide notes that a transfer was decided by an event of the account that pays.
func (i *inspection) decide(ev event.Event, number int, amount int64) {
	if i.decided[number] {
		i.problem("transfer %d is there twice, again at event %d", number, ev.Sequence)
	}
	i.decided[number] = true
	if t := i.terms.transfer(number); t.amount != amount || at(t.from) != ev.Coordinate {
		i.problem("transfer %d is of %d from %s, must be of %d from %s", number, amount, ev.Entity(), t.amount, at(t.from).Entity())
	}
}

// report prints what the run did, what the store holds, and what is wrong with it.
func (b *bank) report(out io.Writer, set settings, done tally, elapsed time.Duration, found findings) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(out, "%-11s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("store", "%s, %d events", set.directory, found.events)
	line("bank", "%d accounts, opened with %d each", b.terms.Accounts, b.terms.Balance)
	line("goroutines", "%d, %.1f s", set.goroutines, elapsed.Seconds())
	line("stored", "%d transfers paid, %d declined", done.paid, done.declined)
	line("duplicates", "%d, decided by an earlier run", done.duplicates)
	line("conflicts", "%d, nothing was stored", done.conflicts)
	line("retries", "%d, of transfers whose accounts had changed", done.retries())
	line("transfers", "%d paid, %d declined", found.paid, found.declined)
	line("total", "%d, must be %d", found.total, b.terms.total())
	for _, problem := range found.problems {
		line("WRONG", "%s", problem)
	}
	if len(found.problems) == 0 {
		line("checked", "every transfer once, no account below zero, the total exact")
	}
}
