// P11: bytes on disk for each event beyond its payload, everything counted.

package rows

import (
	"context"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
)

func diskPerEvent(ctx context.Context, env *Env) ([]figure.Result, error) {
	var results []figure.Result
	for _, c := range []struct {
		name   string
		chain  bool
		budget float64
	}{{"chain on", true, 160}, {"chain off", false, 128}} {
		env.progress("%d events, %s", env.Scale.Events, c.name)
		used, err := diskOf(ctx, env, c.chain)
		if err != nil {
			return nil, err
		}
		beyond := float64(used-int64(env.Scale.Events)*payloadBytes) / float64(env.Scale.Events)
		r := figure.Result{
			Row: "P11", Name: c.name, Value: beyond, Unit: "bytes/event",
			Reference: "budget", ReferenceValue: c.budget, Better: figure.Smaller, Target: 1,
		}
		if env.Scale.Events < fewestWeighed {
			r.Unjudged = "too few events: the files' fixed parts outweigh them"
		}
		results = append(results, counting(r).Add("n", env.Scale.Events).Add("directory_bytes", used))
	}
	return results, nil
}

// fewestWeighed is the number of events from which on a page per file is less
// than a tenth of a byte per event.
const fewestWeighed = 100_000

// diskOf returns the size of a closed store of root events with two names of 20
// bytes, no key and no metadata.
func diskOf(ctx context.Context, env *Env, chain bool) (int64, error) {
	directory, remove, err := env.scratch("P11")
	if err != nil {
		return 0, err
	}
	defer remove()
	options := engine.Options{Sync: engine.SyncManual(), Hashing: hashing(chain)}
	if err := newWorkload().fill(ctx, directory+"/store", options, env.Scale.Events); err != nil {
		return 0, err
	}
	return host.DiskUsage(directory + "/store")
}
