//go:build dangerous_test_hooks

// The build with fault injection.

package hooks

// Enabled says that this build has fault injection.
const Enabled = true
