//go:build dangerous_test_hooks

// Set: the rules of one test, and the counts of what was reached.

package hooks

import (
	"fmt"
	"math/rand/v2"
	"path"
	"sync"
)

// Set is what is to happen at which points; it is given to a store as one of its options, also to several. A nil Set is
// one without rules, which can't be added to; the zero value is what New(0) returns. All methods may be called
// concurrently, also while a store uses it.
type Set struct {
	mu     sync.Mutex // never held while something happens
	random *rand.Rand // nil: not needed yet, and the seed is 0
	rules  []*rule    // only ever added to
	counts [len(pointNames)]uint64
}

// rule is a Rule in use. Its counts are guarded by the Set's mu.
type rule struct {
	Rule
	passed, acted int
}

// New returns a Set without rules. What its rules do by probability follows from the seed and the order of
// arrivals.
func New(seed uint64) *Set {
	return &Set{random: randomOf(seed)}
}

func randomOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Add adds a rule, which holds from then on. Rules of one point are asked in the order in which they were added, up to
// the first that makes the step fail. The error is [RuleError].
func (s *Set) Add(r Rule) error {
	if err := r.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &rule{Rule: r})
	return nil
}

// Count returns how often the point was reached.
func (s *Set) Count(p Point) uint64 {
	if s == nil || !p.valid() {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[p]
}

// Reach says that a point is reached, with the base name of the file that the step is about, if it is about one. It does
// what the rules say and returns the error with which the step is to fail. It is called by the code around the point.
func (s *Set) Reach(p Point, file string) error {
	if p == AppendStaged {
		slowed.hold()
	}
	if s == nil {
		return nil
	}
	if !p.valid() {
		panic(fmt.Sprintf("hooks: %v was reached, which is not declared", p))
	}
	s.mu.Lock()
	s.counts[p]++
	at := Reached{Point: p, File: file, Count: s.counts[p]}
	rules := s.rules
	s.mu.Unlock()
	for _, r := range rules {
		if r.Point != p || !r.matches(at) || !s.acts(r) {
			continue
		}
		if err := r.Action.do(at); err != nil {
			if !p.CanFail() {
				panic(fmt.Sprintf("hooks: an error was injected at %v, which can't fail: %v", p, err))
			}
			return err
		}
	}
	return nil
}

func (r *rule) matches(at Reached) bool {
	if r.File != "" {
		if ok, _ := path.Match(r.File, at.File); !ok { // Add has refused bad patterns
			return false
		}
	}
	return r.Match == nil || r.Match(at)
}

// acts decides whether a rule that matches acts this time.
func (s *Set) acts(r *rule) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.passed < r.After {
		r.passed++
		return false
	}
	if r.Times > 0 && r.acted >= r.Times {
		return false
	}
	if r.Probability > 0 {
		if s.random == nil {
			s.random = randomOf(0)
		}
		if s.random.Float64() >= r.Probability {
			return false
		}
	}
	r.acted++
	return true
}
