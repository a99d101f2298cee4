// One pass over all rows, and what is shown of it.

package main

import (
	"fmt"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// pass measures every row of the plan once.
func (p *plan) pass(s *session, line *progress, n int) (baseline.Pass, error) {
	pass := baseline.Pass{Started: time.Now().UTC()}
	done := 0
	show := func(text string) {
		where := fmt.Sprintf("%d of %d rows", done, len(p.rows))
		if p.passes > 1 {
			where += fmt.Sprintf(" in pass %d of %d", n+1, p.passes)
		}
		line.show(fmt.Sprintf("%s, %v | %s", where, time.Since(line.began).Round(time.Second), text))
	}
	warn := line.warn
	if n > 0 { // every pass warns of the same
		warn = nil
	}
	results, err := s.measure(s.ctx, perfgates.Config{
		Directory: p.directory, Rows: p.rows, Quick: p.options.Quick, Duration: p.options.Duration, Peers: p.options.Peers, Load: p.options.Load,
		Progress: show, Warn: warn,
		Done: func(perfgates.Row, []figure.Result, error) { done++ },
	})
	for _, r := range results {
		pass.Results = append(pass.Results, figure.Stored(r))
	}
	return pass, err
}
