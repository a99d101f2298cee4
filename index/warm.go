// This file holds warming: what a search for a hash begins with is read before anybody asks, so that who asks first does not wait
// for the disk once for every run.

package index

import "github.com/batpak/batpak/internal/checked"

// warmStep is how many bytes are read before it is asked whether to go on.
const warmStep = 1 << 20

// Warm reads the filters and fences of a type's lists, from the newest part on, but not more than so many bytes of them. It does
// so with nothing held but for a MiB at a time, after each of which it asks whether to go on, and returns how many bytes
// it read. What can't be read is left to who asks for it. Type is one that has a list.
func (x *Index) Warm(t Type, most int64, more func() bool) (read int64) {
	list := listOf(t)
	parts := x.Parts()
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		if run := x.covering(p); run != nil {
			i = firstOf(parts[:i+1], run.info.First)
			l := &run.body.lists[list]
			n, ok := run.body.warm(l, most-read, run.read, more)
			if read += n; !ok {
				return read
			}
			run.warmSums(l)
			continue
		}
		_, table := p.source()
		if table == nil {
			continue
		}
		var body *runBody
		var err error
		if failed := p.read(func() { body, err = table.links() }); failed != nil || err != nil {
			continue
		}
		n, ok := body.warm(&body.lists[list], most-read, p.read, more)
		if read += n; !ok {
			return read
		}
	}
	return read
}

// warm reads the filter and the fences of a list, at most so many bytes. ok is false if more said so, or they are more than that.
func (b *runBody) warm(l *runList, most int64, read func(func()) error, more func() bool) (n int64, ok bool) {
	if l.count == 0 {
		return 0, true
	}
	for at := l.filter; at < l.leaves; {
		end := min(at+warmStep, l.leaves)
		if n+end-at > most || !more() {
			return n, false
		}
		var err error
		if failed := read(func() { _, err = b.data.At(at, end) }); failed != nil || err != nil {
			return n, true
		}
		n += end - at
		at = end
	}
	return n, true
}

// warmSums brings in the checksums of a list's leaves, a thousandth of what they take.
func (r *Run) warmSums(l *runList) {
	_, size := leavesOf(l.count)
	from, to := l.leaves/checked.BlockSize, (l.leaves+int64(size)+checked.BlockSize-1)/checked.BlockSize
	if r.bring == nil || from == to || !r.pin.Hold() {
		return
	}
	defer r.pin.Let()
	r.bring(int(r.sums+4*from), int(r.sums+4*to))
}
