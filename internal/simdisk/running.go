// This file holds the syncs of processes: begun, in the middle, ended.

package simdisk

import "io/fs"

// running is a sync in the middle.
type running struct {
	by    *Directory
	inode uint64
	ended chan struct{}
}

// sync is a sync of a file or of the directory, begun by op. As with a kernel's, one that finds pages on their way to the
// disk waits for them, and does not learn what came of them.
func (d *Directory) sync(operation, name string, closed *bool, op *Op) error {
	run, before, hook, err := d.beginSync(closed, op)
	if err != nil {
		return d.failure(operation, name, err)
	}
	for _, other := range before {
		select {
		case <-other.ended:
		case <-d.end:
		}
	}
	if hook != nil {
		err = hook(name)
	}
	if err = d.endSync(run, op, err); err != nil {
		return d.failure(operation, name, err)
	}
	return nil
}

// beginSync takes what is to be written. It returns the syncs of the same file that are running already.
func (d *Directory) beginSync(closed *bool, op *Op) (run *running, before []*running, hook func(string) error, err error) {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if *closed && !d.killed {
		return nil, nil, nil, fs.ErrClosed
	}
	if err := d.change(); err != nil {
		return nil, nil, nil, err
	}
	for _, other := range d.disk.running {
		if other.inode == op.Inode {
			before = append(before, other)
		}
	}
	op.Sync = d.disk.state.lastSync + 1
	d.disk.do(op)
	run = &running{by: d, inode: op.Inode, ended: make(chan struct{})}
	d.disk.running[op.Sync] = run
	return run, before, d.onSync, nil
}

// endSync makes of a running sync what came of it.
func (d *Directory) endSync(run *running, op *Op, failed error) error {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.change(); err != nil {
		return err // the kill ended the sync
	}
	result := SyncDone
	if failed != nil {
		result = SyncFailed
	}
	d.disk.synced(op.Sync, result)
	if result == SyncDone && run.inode == 0 {
		d.disk.prune()
	}
	return failed
}

// synced ends a sync that has begun. The lock is held.
func (d *Disk) synced(number uint64, result SyncResult) {
	op := Op{Kind: OpSynced, Inode: d.state.syncs[number].inode, Sync: number, Result: result}
	if op.Inode == 0 {
		op.Kind = OpDirSynced
	}
	d.do(&op)
	if run := d.running[number]; run != nil {
		delete(d.running, number)
		close(run.ended)
	}
}
