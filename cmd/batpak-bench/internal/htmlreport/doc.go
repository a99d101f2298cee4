// Package htmlreport writes saved measurements as one HTML page that needs nothing else: no network, no second file.
//
// It knows how figures, verdicts, curves and comparisons are laid out and drawn, and that each number shown stands in the page's
// JSON, too, where a check can compare it. It never knows how anything was measured, judged or compared.
package htmlreport
