// Command batpak-bench measures the engine beside what the machine itself allows.
//
//	batpak-bench floors                      what clock, copies, checksums, hashes and synced writes cost here
//	batpak-bench list                        the rows and their targets
//	batpak-bench run --rows P1,P4 [--quick] [--json] [--dir DIR] [--duration D] [--no-peers]
//
// Every row is measured in rounds that alternate with its reference, in one process and on one disk; figures are
// medians of the rounds. A ratio is the value over its reference. With --json, run prints one array; each object
// begins with row, name, value, unit, reference, reference_value, ratio, better, target, met.
//
// Without --quick P8, P9, P10, P20 and P21 work on stores of ten million events: two that are filled once and shared, and a
// third one of P20's own, 4 GiB each. They are removed with the rest when the command ends. P22 appends for ten minutes
// under each of two policies, in stores of up to 5 GiB one after the other.
//
// P5 compares with other people's stores, too: tools/peers, a module of its own, is built from the source tree and runs each of
// them in a process of its own. Where it can't be built, a warning says so and their results have no reference.
//
// Exit codes: 0 fine, whether targets are met or not; 2 could not run.
//
// The command knows its flags and how results are shown. It never knows how a row measures.
package main
