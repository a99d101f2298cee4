//go:build !dangerous_test_hooks

// The build without fault injection: the constant lets the compiler remove every statement that asks for it, and
// what those statements mention is here only so that they compile.

package hooks

// Enabled says that this build has fault injection. It is a constant, so that what stands behind it is no part of a
// build without.
const Enabled = false

// Set can't be made to do anything in this build.
type Set struct{}

// Reach returns nil.
func (*Set) Reach(Point, string) error { return nil }
