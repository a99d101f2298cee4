// This file holds the shrinker: from a trial that breaks a promise to a smaller one that does too.

package crash

import "slices"

// shrinkRuns bounds how many trials the shrinker makes.
const shrinkRuns = 600

// shrinker makes a trial smaller.
type shrinker struct {
	scene *scene
	best  *trial
	err   error // what it breaks
	runs  int
}

// shrink returns the smallest trial that it finds which breaks a promise, and which.
func (s *scene) shrink(t *trial, err error) (*trial, error) {
	r := &shrinker{scene: s, best: t, err: err}
	spelled := t.clone()
	if err := s.spell(spelled); err != nil {
		r.best, r.err = spelled, err
	}
	for before := -1; before != r.runs && r.runs < shrinkRuns; {
		before = r.runs
		if !(r.steps() || r.simpler() || r.choices() || r.earlier()) {
			break
		}
	}
	return r.best, r.err
}

// keep makes a trial the best one if it breaks a promise.
func (r *shrinker) keep(t *trial) bool {
	if r.runs >= shrinkRuns {
		return false
	}
	r.runs++
	if err := r.scene.run(t, new(tally)); err != nil {
		r.best, r.err = t, err
		return true
	}
	return false
}

// steps leaves openings out.
func (r *shrinker) steps() (better bool) {
	if len(r.best.Steps) > 1 {
		t := r.best.clone()
		t.Steps = nil
		if r.keep(t) {
			return true
		}
	}
	for i := len(r.best.Steps) - 1; i >= 0; i-- {
		t := r.best.clone()
		t.Steps = slices.Delete(t.Steps, i, i+1)
		better = r.keep(t) || better
	}
	return better
}

// simpler leaves out what else is special about the trial.
func (r *shrinker) simpler() (better bool) {
	for _, change := range []func(t *trial) bool{
		func(t *trial) bool { was := t.Anew; t.Anew = false; return was },
		func(t *trial) bool { was := t.Deep; t.Deep = false; return was },
		func(t *trial) bool { was := t.Last.Policy; t.Last.Policy = 0; return was != 0 },
	} {
		if t := r.best.clone(); change(t) {
			better = r.keep(t) || better
		}
	}
	for i, c := range r.best.cuts() {
		for _, h := range []how{oldest, newest, killed} {
			if c.How == h && len(c.Except) == 0 {
				break
			}
			t := r.best.clone()
			*t.cuts()[i] = cut{How: h}
			if r.keep(t) {
				better = true
				break
			}
		}
	}
	return better
}

// choices leaves exceptions out, many at once at first.
func (r *shrinker) choices() (better bool) {
	for i := range r.best.cuts() {
		for piece := len(r.best.cuts()[i].Except); piece > 0; piece /= 2 {
			for at := 0; at < len(r.best.cuts()[i].Except); {
				t := r.best.clone()
				c := t.cuts()[i]
				c.Except = slices.Delete(slices.Clone(c.Except), at, min(at+piece, len(c.Except)))
				if r.keep(t) {
					better = true
					continue
				}
				at += piece
			}
		}
	}
	return better
}

// earlier takes an earlier moment.
func (r *shrinker) earlier() (better bool) {
	for distance := r.best.Moment / 2; distance > 0; {
		t := r.best.clone()
		t.Moment -= distance
		if r.keep(t) {
			better = true
			distance = min(distance, t.Moment)
			continue
		}
		distance /= 2
	}
	return better
}
