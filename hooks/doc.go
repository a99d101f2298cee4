// Package hooks is fault injection: the named points of the store at which a test can make a step fail, wait or
// crash, and the defects that can be planted to see whether the tests find them.
//
// It knows the points, which of them can fail, the rules that make something happen there (the n-th time, so
// many times, by a probability, for certain files), the names of the defects, how appends are slowed down to
// try out a comparison of measurements, and the build tag dangerous_test_hooks.
//
// It never knows what the code around a point does, and it is never part of a build that does not ask for it by that tag: there
// [Enabled] is a constant false, a point is a statement that is compiled to nothing, and tools/hookproof shows on
// the built program that nothing of it is left.
//
// # At a point
//
// The code of the store uses this package in two forms and no other, which is what makes that proof possible:
//
//	if hooks.Enabled {
//		if err := l.hooks.Reach(hooks.SyncStaged, segment.Name()); err != nil {
//			return err
//		}
//	}
//
//	if hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {
//		return nil // the mistake
//	}
//
// # In a test
//
// With the tag, a test makes a Set, adds rules to it, and gives it to the store as Options.Hooks:
//
//	set := hooks.New(1)
//	err := set.Add(hooks.Rule{
//		Point: hooks.SyncStaged, After: 2, Times: 1, Action: hooks.Fail(errors.New("injected")),
//	})
//
// which makes the third sync of frames fail. Rules see every arrival of every store that has the Set.
package hooks
