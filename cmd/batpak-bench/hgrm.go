// Percentiles of latencies as files that HDR histogram plotters read.

package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

const (
	ticksPerHalfDistance = 5
	nanosecondsPerUnit   = 1e3 // files are in microseconds, as other tools' are
)

// writeHGRM writes a file for each distribution of latencies, of all passes together, and says where. Several results of a row can be
// figures of one distribution: its file has the first one's name.
func writeHGRM(s *session, directory string, results []figure.Result) error {
	written := make(map[string]bool) // by row and latencies
	for _, r := range results {
		if r.Curve == nil {
			continue
		}
		distribution := r.Row + " " + string(r.Curve.Encoded)
		if written[distribution] {
			continue
		}
		histogram, err := hdrhistogram.Decode(bytes.Clone(r.Curve.Encoded))
		if err != nil {
			return fmt.Errorf("the latencies of %s %s: %w", r.Row, r.Name, err)
		}
		var percentiles bytes.Buffer
		if _, err := histogram.PercentilesPrint(&percentiles, ticksPerHalfDistance, nanosecondsPerUnit); err != nil {
			return err
		}
		if err := baseline.Replace(filepath.Join(directory, hgrmName(r)), percentiles.Bytes()); err != nil {
			return fmt.Errorf("the latencies of %s %s could not be written: %w", r.Row, r.Name, err)
		}
		written[distribution] = true
	}
	fmt.Fprintf(s.messages, "wrote %d distributions of latencies to %s, in microseconds\n", len(written), directory)
	return nil
}

// hgrmName is that of a file: the row and the result's name, in letters, digits, points and underscores.
func hgrmName(r figure.Result) string {
	name := strings.Map(func(c rune) rune {
		if c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, r.Row+" "+r.Name)
	for strings.Contains(name, "__") {
		name = strings.ReplaceAll(name, "__", "_")
	}
	return name + ".hgrm"
}
