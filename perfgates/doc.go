// Package perfgates measures the engine on the machine that it is to run on, and judges it: the hardware gates.
//
// [Probe] says what the machine can do: processors, copies, checksums, hashes, page faults, a synced write with the flushes and
// bytes that it costs, file system and write cache. [Measure] runs rows, each of which is the engine beside a floor or a goal in rounds
// that alternate. [Judge] asks one gate for each result, all of them, and says what each says:
//
//	machine, err := perfgates.Probe(ctx, perfgates.ProbeOptions{Directory: "."})
//	results, err := perfgates.Measure(ctx, perfgates.Config{Directory: "."})
//	verdicts, err := perfgates.Judge(nil, results, machine, perfgates.Profile{})
//
// # Verdicts
//
// A result passes or is denied only when the interval of its ratio over the rounds, at 95 %, lies wholly on one side of the budget;
// where it holds the budget, or where there are too few rounds for an interval, the verdict is undecided. What this
// machine can't show, such as syncs on a file system in memory, is skipped, with the reason. Neither counts as passed.
//
// Budgets are ratios to what was measured in the same round, so that they mean the same on every machine. A [Profile] adds absolute
// ones for a class of hardware.
//
// # What it knows
//
// It knows the floors (clock, memory, checksum, hash, disk), the rows and their budgets, and how to deny one with the figures
// that led to it.
//
// It never knows how the engine does its work: it measures through the doors that every caller has. And it never knows
// baselines of earlier runs, which cmd/batpak-bench keeps.
package perfgates
