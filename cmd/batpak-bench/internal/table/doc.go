// Package table prints results, floors and verdicts for people.
//
// It knows columns, units and short figures. It never knows how a value was measured or judged.
package table
