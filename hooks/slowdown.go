// The planted slowdown: every append takes longer by some percent, to try out whether a comparison of measurements finds it.

package hooks

// SlowdownVariable is the environment variable that slows every append of a process down, in a test build: a number of percent from
// 1 to 1,000 of the time since the append before, by which the store spins, for 100 microseconds at most. Unset or empty: appends are as fast as they
// can be. Anything else ends such a process with exit code 2; other builds don't look at it.
const SlowdownVariable = "BATPAK_BENCH_SLOWDOWN"
