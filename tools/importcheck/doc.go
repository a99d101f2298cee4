// Importcheck fails the build when a package imports what it must not.
//
// It knows the floors of the house and, from `go list`, every import of every
// package of the module, of its tests too, whatever build constraint a file
// carries. The rules, each of them a line in plan.go or a check in rules.go:
//
//   - Every package stands on a floor and imports only its own or lower ones.
//   - Within a floor the rooms never import each other in a circle.
//   - The engine's capabilities, engine/internal/*, do not know each other.
//   - unsafe, cgo, raw system calls and mappings stay in the rooms under the
//     root's internal/.
//   - No go.mod stands in tools/ itself, which would cut its programs off from
//     the module.
//   - A package that has no floor is an error, so the plan stays complete; so
//     is an exception without a reason, or one that excuses nothing any more.
//
// Usage:
//
//	go run ./tools/importcheck [-C directory]
//
// It exits with 0 when every rule holds, 1 on a violation and 2 when it could
// not look. `go run` itself turns every failure into 1. The same check runs in
// `go test ./...`.
//
// It never knows what the imported code is used for, and it does not look into
// nested modules (tools/mod/*, tools/peers).
package main
