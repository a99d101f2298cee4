// Whose turn it is: a unit that was judged, or resolved, in vain too often is placed before others are.
//
// States: nobody's (exclusive is nil) -> a unit's, when again or loseOut lost patience -> nobody's, when the unit has its answer. While it is a unit's
// turn, others wait in front of the commit section, for one sync at most as a rule.

package commit

// patience is how often a unit is judged or resolved in vain before others wait for it. Conditions about clocks and times need it, which the index on the
// heap does not compare, and such as take longer to judge than the next events take to come.
const patience = 4

// again waits until the event that judging a unit rests on is visible, so that it can be judged again.
func (l *Log) again(u *Unit, rests uint64) error {
	if u.rounds++; u.rounds >= patience {
		l.mu.Lock()
		l.waitForTurn(u)
		if l.exclusive == nil {
			l.exclusive = u
		}
		l.mu.Unlock()
	}
	return l.waitVisible(rests)
}

// loseOut notes that a unit has to be resolved anew, since the active segment changed more than once. The caller holds mu, and it
// is nobody else's turn.
func (l *Log) loseOut(u *Unit) {
	if u.rounds++; u.rounds >= patience {
		l.exclusive = u
	}
}

// letOthers ends the unit's turn, if it has one.
func (l *Log) letOthers(u *Unit) {
	if u.rounds < patience {
		return
	}
	l.mu.Lock()
	if l.exclusive == u {
		l.exclusive = nil
		l.room.Broadcast()
	}
	l.mu.Unlock()
}

// waitForTurn returns when no other unit has its turn, or the log takes no unit any more. The caller holds mu.
func (l *Log) waitForTurn(u *Unit) {
	if l.exclusive == nil || l.exclusive == u || l.refusal() != nil {
		return
	}
	defer l.stats.turn.end(l.stats.turn.begin())
	for l.exclusive != nil && l.exclusive != u && l.refusal() == nil {
		l.room.Wait()
	}
}
