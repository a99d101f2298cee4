// This file holds the quick way to an entity's newest event where that is in a segment that is not sealed.

package index

// NewestUnsealed returns the highest sequence up to visible of an event of an entity, whose hash is given, if the segments
// that are not sealed tell it. sure is false if they don't: the event, if there is one, may be in a sealed segment, or one that could not
// be read back. sure without a sequence, which is 0 then, says that the entity has no event.
func (f *Finder) NewestUnsealed(entity string, hash, visible uint64) (sequence uint64, sure bool) {
	parts := f.index.Parts()
	for i := len(parts) - 1; i >= 0; i-- {
		p, e := parts[i], extentOf(parts, i, visible)
		if e.limit == 0 {
			continue
		}
		tail, _ := p.source()
		if tail == nil {
			return 0, false
		}
		limit := e.of(tail)
		if _, hole := tail.newestHole(0, limit); hole {
			return 0, false
		}
		if ordinal, found := tail.NewestOf(entity, hash, limit); found {
			return p.First + uint64(ordinal), true
		}
	}
	return 0, true
}

// NewestOf returns the highest ordinal below limit of an event of an entity; false: there is none. It may be called as
// [Watch.Newest].
func (t *Tail) NewestOf(entity string, hash uint64, limit uint32) (ordinal uint32, found bool) {
	return t.newest(t.find(Entity, hash, entity), limit)
}
