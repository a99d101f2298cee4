//go:build !dangerous_test_hooks

// The ordinary build: no defect can be planted.

package hooks

// Planted is false in this build.
func Planted(Defect) bool { return false }
