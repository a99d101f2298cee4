// One round of many callers.

package crowd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Round is what one round came to.
type Round struct {
	Appends  int64         // that were acknowledged
	Took     time.Duration // from the first append's start to the last one's end
	P50, P99 time.Duration // of one caller's appends
}

// Run lets callers goroutines append values of payloadBytes random bytes, each of
// them one after the other, for about the given time; appends that have begun
// by then are waited for and counted. Before the time starts each caller has
// appended once: its stack has grown and its store is warm. Every caller appends at least
// once more. append is called concurrently.
func Run(callers int, during time.Duration, payloadBytes int, append func(value []byte) error) (Round, error) {
	var (
		ready, ended sync.WaitGroup
		begin        = make(chan struct{})
		over         atomic.Bool
		total        atomic.Int64
		latencies    []time.Duration // of the first caller
		failures     = make([]error, callers)
	)
	ready.Add(callers)
	for number := range callers {
		ended.Go(func() {
			value := randomValue(payloadBytes, uint64(number))
			err := append(value)
			ready.Done()
			if err != nil {
				failures[number] = err
				return
			}
			<-begin
			var count int64
			if number == 0 {
				latencies, err = timed(&over, func() error { return append(value) })
				count = int64(len(latencies))
			} else {
				count, err = counted(&over, func() error { return append(value) })
			}
			total.Add(count)
			failures[number] = err
		})
	}
	ready.Wait()
	start := time.Now()
	timer := time.AfterFunc(during, func() { over.Store(true) })
	close(begin)
	ended.Wait()
	took := time.Since(start)
	timer.Stop()
	if err := errors.Join(failures...); err != nil {
		return Round{}, fmt.Errorf("%d callers: %w", callers, err)
	}
	slices.Sort(latencies)
	return Round{
		Appends: total.Load(), Took: took,
		P50: latencies[len(latencies)*50/100], P99: latencies[len(latencies)*99/100],
	}, nil
}

// counted repeats work until it is over, at least once.
func counted(over *atomic.Bool, work func() error) (done int64, err error) {
	for {
		if err := work(); err != nil {
			return done, err
		}
		if done++; over.Load() {
			return done, nil
		}
	}
}

// timed is counted with the time that each took.
func timed(over *atomic.Bool, work func() error) (took []time.Duration, err error) {
	_, err = counted(over, func() error {
		start := time.Now()
		err := work()
		if err == nil {
			took = append(took, time.Since(start))
		}
		return err
	})
	return took, err
}

// randomValue returns bytes that can't be compressed.
func randomValue(size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	value := make([]byte, size)
	for i := range value {
		value[i] = byte(random.Uint32())
	}
	return value
}
