// This file holds walk: the names of a dictionary in their order, and what the table answers by them.

package index

import "bytes"

// walk goes through the names of a dictionary. Before the first step it stands before the first name.
type walk struct {
	d        dictionary
	next     uint32 // the block behind the one that is read
	block    blockReader
	name     []byte // of the last step, valid until the next one
	postings postings
}

// walkFrom returns a walk whose first step is to the first name that is not smaller than from.
func (d *dictionary) walkFrom(from string) (*walk, error) {
	number, _, err := d.lookIn(from)
	if err != nil {
		return nil, err
	}
	w := &walk{d: *d}
	if number < d.blocks { // else every name is larger
		w.next = number
	}
	return w, nil
}

// step goes to the next name; false if there is none. The names of sound bytes ascend; it is damage if they don't.
func (w *walk) step() (bool, error) {
	first := w.block.left == 0
	if first {
		if w.next == w.d.blocks {
			return false, nil
		}
		block, err := w.d.block(w.next)
		if err != nil {
			return false, err
		}
		w.block = block
		w.next++
	}
	shared, rest, err := w.block.name()
	if err != nil {
		return false, err
	}
	if last := w.name[shared:]; first && bytes.Compare(w.name, rest) >= 0 && len(w.name) > 0 ||
		!first && len(last) > 0 && last[0] >= rest[0] {
		return false, w.d.damaged("has names that do not ascend")
	}
	w.name = append(w.name[:shared], rest...)
	w.postings, err = w.block.postings()
	return err == nil, err
}

// find returns the postings of a name of a type of which there is a dictionary; false if no event has it.
func (t *Table) find(kind Type, name string) (postings, bool, error) {
	d, err := t.dictionary(kind)
	if err != nil {
		return postings{}, false, err
	}
	return d.find(name)
}

// prefixed calls fn with the names of a type that begin with prefix, bytewise, in the order of their bytes; all of them
// for an empty one. The name is valid during the call. The first error of fn ends it and is returned.
func (t *Table) prefixed(kind Type, prefix string, fn func(name []byte, p postings) error) error {
	return t.walk(kind, prefix, prefix, func(w *walk) (bool, error) { return true, fn(w.name, w.postings) })
}

// names appends the names of a type that begin with prefix, from the one behind after on, or from after itself on if
// inclusive, in the order of their bytes, and at most so many.
func (t *Table) names(dst []string, kind Type, prefix, after string, inclusive bool, most int) ([]string, error) {
	if most <= 0 {
		return dst, nil
	}
	end := len(dst) + most
	err := t.walk(kind, max(prefix, after), prefix, func(w *walk) (bool, error) {
		if inclusive || string(w.name) != after {
			dst = append(dst, string(w.name))
		}
		return len(dst) < end, nil
	})
	return dst, err
}

// walk calls fn for each name from from on that begins with prefix, until it is false.
func (t *Table) walk(kind Type, from, prefix string, fn func(w *walk) (bool, error)) error {
	d, err := t.dictionary(kind)
	if err != nil {
		return err
	}
	w, err := d.walkFrom(from)
	if err != nil {
		return err
	}
	for {
		ok, err := w.step()
		if !ok {
			return err
		}
		if string(w.name) < from {
			continue
		}
		if len(w.name) < len(prefix) || string(w.name[:len(prefix)]) != prefix {
			return nil
		}
		if more, err := fn(w); !more || err != nil {
			return err
		}
	}
}
