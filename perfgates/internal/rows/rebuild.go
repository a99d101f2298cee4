// P9: opening a big store with every derived file deleted and footers ignored, beside a
// CRC scan of the same files.

package rows

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// rebuildGoal is the target for building everything anew, in events per second.
const rebuildGoal = 3e6

func rebuildBig(ctx context.Context, env *Env) ([]figure.Result, error) {
	var results []figure.Result
	for _, p := range populations(env) {
		of, err := rebuildPopulation(ctx, env.share(2), p)
		results = append(results, of...)
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// rebuildRun opens copies of a big store that have no derived files.
type rebuildRun struct {
	*grown
	directory string // of the copies
	files     []string
	before    []answer
	events    int

	rebuilt, scans, wideScans []float64 // events/s
	closed                    []float64 // ns
}

func rebuildPopulation(ctx context.Context, env *Env, p population) (_ []figure.Result, err error) {
	g, giveBack, err := env.grown(ctx, p.entities)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	directory, remove, err := env.scratch("P9")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &rebuildRun{grown: g, directory: directory}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("%s: building anew, round %d", p.name, len(r.rebuilt)+1)
		return r.round()
	})
	if err != nil {
		return nil, err
	}
	results := []figure.Result{
		withGoal(figure.Result{
			Row: "P9", Name: p.name, Value: stats.Median(r.rebuilt), Unit: "events/s",
			Reference: "goal", ReferenceValue: rebuildGoal, Better: figure.Larger, Target: 1,
		}, r.rebuilt, r.scans),
		comparison("P9", p.name+", beside a scan", "events/s", "CRC scan through pread", figure.Larger, 0.3, r.rebuilt, r.scans),
	}
	results[1] = results[1].Add("reference_spread", stats.Spread(r.scans)).Add("scan_on_all_cores", stats.Median(r.wideScans))
	for i := range results {
		results[i] = results[i].Add("spread", stats.Spread(r.rebuilt)).Add("rounds", rounds).
			Add("n", r.events).Add("entities", g.entities).Add("segments", len(r.files)).
			Add("close", stats.Median(r.closed)).
			Add("note", "copies without index files; of random events id, entity, clock and stream are asked before and after")
	}
	return results, nil
}

// prepare asks the store what its copies will be asked, and reads its files once: both
// sides find them in the page cache as far as that has room for them.
func (r *rebuildRun) prepare() (err error) {
	store, err := r.open()
	if err != nil {
		return err
	}
	r.events = int(store.Stats().Events)
	r.before, err = answersOf(store, r.events)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if r.files, err = filepath.Glob(r.path + "/*" + segmentSuffix); err != nil {
		return err
	}
	var unmeasured []float64
	return r.scan(1, &unmeasured) // brings the files into the page cache
}

// round scans the files and opens a copy.
func (r *rebuildRun) round() (err error) {
	if err := r.scan(1, &r.scans); err != nil {
		return err
	}
	if err := r.scan(runtime.GOMAXPROCS(0), &r.wideScans); err != nil {
		return err
	}
	path := r.directory + "/copy"
	defer func() { err = errors.Join(err, os.RemoveAll(path)) }()
	if _, err := cloneOf(r.path, path, len(r.files)-2, false); err != nil {
		return err
	}
	options := r.options
	options.Rebuild = true
	runtime.GC() // the garbage of the round before belongs to nobody
	start := time.Now()
	store, err := engine.Open(path, options)
	if err != nil {
		return err
	}
	r.rebuilt = append(r.rebuilt, float64(r.events)/time.Since(start).Seconds())
	if got := int(store.Stats().Events); got != r.events {
		err = errors.New("the copy has other events than the store")
	}
	err = errors.Join(err, sameAnswers(store, r.events, r.before))
	return errors.Join(err, timeInto(&r.closed, store.Close))
}

// scan reads every segment and computes the CRC32C of every frame's worth of it, with so
// many goroutines, and adds the frames per second.
func (r *rebuildRun) scan(goroutines int, into *[]float64) error {
	next := make(chan string, len(r.files))
	for _, name := range r.files {
		next <- name
	}
	close(next)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		total int64
		all   error
	)
	start := time.Now()
	for range goroutines {
		group.Go(func() {
			window := make([]byte, copyWindow/r.frameBytes*r.frameBytes)
			for name := range next {
				n, err := scanFile(name, window, r.frameBytes)
				mu.Lock()
				total, all = total+n, errors.Join(all, err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	*into = append(*into, float64(total)/float64(r.frameBytes)/time.Since(start).Seconds())
	return all
}

// scanFile returns how many bytes it read.
func scanFile(name string, window []byte, frameBytes int) (total int64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for {
		n, err := file.ReadAt(window, total)
		sumFrames(window[:n], frameBytes)
		total += int64(n)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return total, err
		}
	}
}
