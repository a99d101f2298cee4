// This file holds Journal: what changed on a disk, in order, so that every state in between can be made again.

package simdisk

import "sync"

// Journal is the changes of a disk since [Disk.Record], and the disk as it was then. All methods may be called concurrently.
type Journal struct {
	base    *Disk
	mu      sync.Mutex
	ops     []Op
	stopped bool
}

// Record starts a journal of every change from now on, in the place of the one before. Those through mounts, mappings
// and Apply are recorded in the order in which they take effect, Damage and SetCapacity are not.
func (d *Disk) Record() *Journal {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.journal != nil {
		d.journal.Stop()
	}
	d.journal = &Journal{base: newDisk(d.state.clone())}
	return d.journal
}

func (j *Journal) add(op *Op) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.stopped {
		j.ops = append(j.ops, *op)
	}
}

// Note adds an entry that changes nothing: what a test learned at this moment. Everything that had returned before stands
// before it. Encode needs the type of v to be known to gob.
func (j *Journal) Note(v any) { j.add(&Op{Kind: OpNote, Note: v}) }

// Base returns a copy of the disk as it was when the recording began.
func (j *Journal) Base() *Disk { return j.base.Clone() }

// Ops returns the changes so far. They are shared: not to be modified.
func (j *Journal) Ops() []Op {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ops[:len(j.ops):len(j.ops)]
}

// At returns the disk as it was after the first n changes.
func (j *Journal) At(n int) *Disk {
	d := j.Base()
	for _, op := range j.Ops()[:n] {
		d.Apply(op)
	}
	return d
}

// Stop ends the recording. What is there stays.
func (j *Journal) Stop() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stopped = true
}
