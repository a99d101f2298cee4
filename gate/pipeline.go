// This file holds pipelines: gates and the function that commits what passed them.

package gate

import "github.com/batpak/batpak/event"

// Pipeline binds a set of gates over contexts C to the function that commits a value T with a result R: what
// does not pass the gates does not reach it.
type Pipeline[C, T, R any] struct {
	set    *Set[C]
	commit func(*Receipt[T]) (R, error)
}

// NewPipeline returns a pipeline. The commit function is given the receipt of what passed: it commits the
// receipt's value, and may hand the receipt on, to engine.AppendProposal for instance. A set that [NewSet] did not make
// and a nil function are [event.ErrInvalid].
func NewPipeline[C, T, R any](set *Set[C], commit func(*Receipt[T]) (R, error)) (*Pipeline[C, T, R], error) {
	if err := set.usable(); err != nil {
		return nil, err
	}
	if commit == nil {
		return nil, &event.FieldError{Field: "gate.commit", Problem: "nil, want a function"}
	}
	return &Pipeline[C, T, R]{set, commit}, nil
}

// Run asks the gates, up to the first denial, and commits the proposal if they let it pass. The errors are those of
// [Evaluate] and of the commit function, as they are.
func (p *Pipeline[C, T, R]) Run(context C, proposal Proposal[T]) (Committed[R], error) {
	if err := p.usable(); err != nil {
		return Committed[R]{}, err
	}
	receipt, err := Evaluate(p.set, context, proposal)
	if err != nil {
		return Committed[R]{}, err
	}
	return p.Commit(receipt)
}

// Commit commits what a receipt stands for that [Evaluate], [EvaluateAll] or [Bypass] made with the pipeline's set.
//
// The receipt is used up before the commit function is called, and what the function is given is a receipt for this one
// attempt, used up at the latest when the function is over, be it by an error or a panic. After a failure things may have
// changed: the gates must judge again. Errors: those of the commit function, [ErrReceiptUsed], and
// [event.ErrInvalid] for a receipt that no set made ([ErrNoReceipt]) or another one.
func (p *Pipeline[C, T, R]) Commit(receipt *Receipt[T]) (Committed[R], error) {
	if err := p.usable(); err != nil {
		return Committed[R]{}, err
	}
	if receipt.valid() && receipt.issued.set != any(p.set) {
		return Committed[R]{}, &event.FieldError{Field: "gate.receipt", Problem: "made by another gate set than the pipeline's"}
	}
	record, err := receipt.Spend()
	if err != nil {
		return Committed[R]{}, err
	}
	attempt := issue(p.set, receipt.issued.value, record)
	defer attempt.issued.used.Store(true)
	result, err := p.commit(attempt)
	if err != nil {
		return Committed[R]{}, err
	}
	return Committed[R]{result, attempt.Record()}, nil
}

// usable returns an error for a pipeline that NewPipeline did not make.
func (p *Pipeline[C, T, R]) usable() error {
	if p == nil || p.commit == nil {
		return &event.FieldError{Field: "gate.pipeline", Problem: "nil, or not made by NewPipeline"}
	}
	return nil
}

// Committed is the result of a commit that went through a pipeline.
type Committed[R any] struct {
	result R
	record event.GateRecord
}

// Result returns what the commit function returned.
func (c Committed[R]) Result() R { return c.result }

// Record returns what the gates said; the caller's own copy.
func (c Committed[R]) Record() event.GateRecord { return *c.record.Clone() }
