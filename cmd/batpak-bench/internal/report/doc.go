// Package report holds the results of benchmark rows and prints them as JSON or as a table.
//
// It knows values, references, ratios and targets. It never knows how a value was measured.
package report
