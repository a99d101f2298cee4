// This file holds one gate, and what is proposed to gates.

package gate

// Gate judges contexts of type C. Types of the caller's own may implement it; [New] makes one of a function.
type Gate[C any] interface {
	// Name names the gate in denials and in what is recorded, 1 to 255 bytes of valid
	// UTF-8, unique in its set. It is asked for once, when the set is made.
	Name() string
	// Judge returns nil to let the proposal pass. Every error denies: a [Denial] says why in
	// a form that programs can read, of any other error the text is the message and the code
	// is [CodeDenied].
	Judge(context C) error
}

// New returns a gate that judges with a function. A name or function that can't be used is refused
// by [NewSet].
func New[C any](name string, judge func(context C) error) Gate[C] {
	return function[C]{name, judge}
}

type function[C any] struct {
	name  string
	judge func(C) error
}

func (f function[C]) Name() string          { return f.name }
func (f function[C]) Judge(context C) error { return f.judge(context) }

// Proposal is a value that is to be committed once the gates let it pass. It must not be changed from then on, nor what
// it refers to: the receipt would stand for something that was not judged.
type Proposal[T any] struct{ value T }

// Propose makes a proposal of a value.
func Propose[T any](value T) Proposal[T] { return Proposal[T]{value} }

// Value returns what is proposed.
func (p Proposal[T]) Value() T { return p.value }
