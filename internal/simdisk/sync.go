// This file holds what a sync does to the state: begun -> done, failed or aborted.

package simdisk

import "slices"

// begin takes the dirty pages. They are clean from now on, whatever comes of the sync; what is stored meanwhile makes them
// dirty again.
func (s *state) begin(i *inode, op *Op) *syncing {
	run := &syncing{inode: op.Inode, moment: s.moment, all: op.All}
	settles := op.All || !shrunk(i.sizes)
	for n, p := range i.pages {
		if p == nil {
			continue
		}
		if p.dirty {
			i.page(n).dirty = false
			run.pages = append(run.pages, n)
		}
		if p.dropped > 0 && settles {
			run.dropped = append(run.dropped, drop{n, p.dropped})
		}
	}
	return run
}

// shrunk reports whether the disk may hold a size that is greater than the one that processes see.
func shrunk(sizes []extent) bool {
	size := sizes[len(sizes)-1].size
	return slices.ContainsFunc(sizes, func(e extent) bool { return e.size > size })
}

// end is what came of a sync.
func (s *state) end(i *inode, run *syncing, result SyncResult) {
	switch result {
	case SyncAborted:
		for _, n := range run.pages {
			i.page(n).dirty = true
		}
	case SyncDone:
		for _, n := range run.pages {
			i.page(n).fold(run.moment)
		}
		for _, d := range run.dropped {
			i.page(d.page).fold(d.moment)
		}
		i.settle(run)
	}
}

// settle makes the size durable that a sync began with. With fdatasync greater ones stay possible.
func (i *inode) settle(run *syncing) {
	last := 0
	for n, e := range i.sizes {
		if e.moment <= run.moment {
			last = n
		}
	}
	var sizes []extent
	for _, e := range i.sizes[:last] {
		if !run.all && e.size > i.sizes[last].size {
			sizes = append(sizes, e)
		}
	}
	i.sizes = append(sizes, i.sizes[last:]...)
	if len(i.sizes) == 1 { // what lies behind can't come back
		i.pages = i.pages[:min(len(i.pages), int((i.size()+PageSize-1)/PageSize))]
	}
}

// directorySynced makes the names durable that a sync of the directory began with.
func (s *state) directorySynced(op *Op) {
	run := s.syncs[op.Sync]
	delete(s.syncs, op.Sync)
	if run == nil || op.Result != SyncDone {
		return
	}
	for name, list := range s.names {
		last := 0
		for n, e := range list {
			if e.moment <= run.moment {
				last = n
			}
		}
		if list = list[last:]; len(list) == 1 && list[0].inode == 0 {
			delete(s.names, name)
			continue
		}
		s.names[name] = list
	}
}
