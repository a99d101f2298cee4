// Package perfgates will hold the hardware gates, which measure this machine's
// floors and judge the engine against them.
//
// It is empty so far: no gate is defined.
//
// It will know the floors (clock, memory, checksum, hash, disk), the budgets of
// each benchmark row as ratios to a floor and as absolute figures, and how to
// deny one with the figures that led to it.
//
// It will never know how the engine does its work: it measures through the
// doors that every caller has.
package perfgates
