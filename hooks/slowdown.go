// The planted slowdown: every append takes longer by some percent, to try out whether a comparison of measurements finds it.

package hooks

// SlowdownVariable is the environment variable that slows every append of a process down, in a test build: a number of percent from
// 1 to 1,000 of the append's own time, which is that since the append before less what the slowdown itself costs, by which the store is held
// up, for 100 microseconds at most. Where that is less than what the slowdown costs (some hundred nanoseconds), it is held up for longer than asked. Unset or empty: appends are as fast as they
// can be. Anything else ends such a process with exit code 2; other builds don't look at it.
const SlowdownVariable = "BATPAK_BENCH_SLOWDOWN"
