// Hookproof shows that fault injection is no part of an ordinary build: not of what it holds, and not of what the code
// around it has become.
//
// It builds a program that embeds the store three times, and looks at what came out:
//
//   - As everybody builds it. No symbol of package hooks may be in it, no name of a point or a defect. What stays is the
//     description of a type without fields, that of the option by which tests give a store its rules.
//   - From a source in which every statement that asks for fault injection is replaced by blanks, or by its else
//     branch, and package hooks is not used otherwise than for the type of an option. Both programs must be the
//     same to the byte.
//   - With the tag dangerous_test_hooks. All of the symbols and names must be in it, and it must differ from the first, so that
//     what was looked for can be found.
//
// Statements ask for it in one form, an if whose condition is hooks.Enabled or begins with hooks.Enabled &&; any other use
// in a package of the program is refused, on whatever system the file is built. So is a function that does nothing else: its
// calls would leave traces in the lines and sizes of the functions around them. And so is a file, other than a test, whose build
// constraint mentions the tag: with or without it, what that file adds to an ordinary build would be in both programs that
// are compared. Only package hooks may have such files. A build constraint is what the go command takes for one, before the
// package clause; the same text elsewhere in a file changes nothing about how it is looked at.
//
// Usage:
//
//	go run ./tools/hookproof [-C directory]
//
// It prints what it compared, and exits with 0 when all of that holds, 1 when something does not, 2 when it could not look.
//
// It knows the form of the statements, the go command and its nm. It never knows what a point or a defect is for.
package main
