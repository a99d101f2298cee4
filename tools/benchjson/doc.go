// Benchjson checks that what `batpak-bench run --json` prints has the promised
// shape: one array of objects that begin with the promised keys in their order,
// each with a value of its type, and at least one object for each row asked for.
//
// It knows the keys and their types. It never knows what a good figure is: no
// time and no ratio is judged here, so it can't fail because a machine is slow.
//
// Usage:
//
//	go run ./cmd/batpak-bench run --rows P1,P4 --json | go run ./tools/benchjson P1 P4
//	go run ./tools/benchjson --verdicts CODE P1 P4 <FILE
//
// With --verdicts it takes what `batpak-bench gate --json` printed before it ended with the exit code CODE: the machine, a verdict for each
// row asked for, counts that are those of the verdicts, and a code that fits the denials.
//
// It exits with 0 when the shape holds, 1 when it doesn't and 2 when it could
// not read its input.
package main
