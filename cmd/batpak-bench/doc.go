// Command batpak-bench measures the engine beside what the machine itself allows.
//
//	batpak-bench floors                      what clock, copies, checksums, hashes and synced writes cost here
//	batpak-bench list                        the rows and their targets
//	batpak-bench run --rows P1,P4 [--quick] [--json] [--dir DIR] [--duration D] [--no-peers]
//
//	batpak-bench run --surface neutral --save NAME       keep a baseline
//	batpak-bench run --compare NAME [--threshold 10%]    compare with it
//	batpak-bench report --html FILE [--of NAME] [--against NAME [--threshold 10%]]    a baseline as one HTML page, beside another one
//
// Every row is measured in rounds that alternate with its reference, in one process and on one disk; figures are
// medians of the rounds. A ratio is the value over its reference. With --json, run prints one array; each object
// begins with row, name, value, unit, reference, reference_value, ratio, better, target, met. The ratio of a result with rounds is the median of
// the rounds' ratios: value over reference_value, each a median of its own or a percentile of all rounds together, need not be the same.
//
// Without --quick P8, P9, P10, P20 and P21 work on stores of ten million events: two that are filled once and shared, and a
// third one of P20's own, 4 GiB each. They are removed with the rest when the command ends. P22 appends for ten minutes
// under each of two policies, in stores of up to 5 GiB one after the other.
//
// P5 compares with other people's stores, too: tools/peers, a module of its own, is built from the source tree and runs each of
// them in a process of its own. Where it can't be built, a warning says so and their results have no reference.
//
// # Baselines
//
// A baseline is a file NAME.json in .batpak-bench or --baselines: five quick passes over the rows, without other people's stores, with the
// machine, its floors and the commit. Rows whose passes differ by more than the threshold are measured four more times; what differs
// then is named, since a comparison finds nothing smaller in it. Another scale or load than the baseline's is refused. What --compare leaves open is measured as the baseline was, in three passes. A result whose median is worse
// by more than the threshold is suspect; its row is measured again eight times, and only these passes decide: it is a regression when they are worse by
// more than the threshold, when the test of Mann and Whitney says so at 0.01, when the intervals do not touch, and when
// the difference is greater than that between the quartiles of either side. What stays worse than the threshold and is not clear is undecided. A report measures nothing anew: what is
// worse by all of that it calls worse, and no regression. Compared are ratios to what was measured beside the value, and counts.
//
// # Formats
//
// --format bench prints what benchstat reads, a line for each pass, of a single pass for each round; of values, references ("ref-") and
// ratios ("x-ref", of rates "x-ref-larger"), and says of each unit in which direction it is better. --hgrm writes percentiles of latencies, a file for each distribution. The
// flags --rate, --count, --payload and --sync are for the rows W1 and up.
//
// Exit codes: 0 fine, whether targets are met or not; 1 a regression, or a gate that denies; 2 could not run.
//
// The command knows its flags and how results are shown. It never knows how a row measures.
package main
