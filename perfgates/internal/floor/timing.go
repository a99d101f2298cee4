// Timing of loops and of populating.

package floor

import (
	"errors"
	"time"
)

// Time runs the loop in rounds of about perRound and returns the nanoseconds of
// one iteration in each round. A first round that is not counted finds the
// number of iterations.
func Time(rounds int, perRound time.Duration, loop func(iterations int)) []float64 {
	iterations := 1
	for {
		start := time.Now()
		loop(iterations)
		took := time.Since(start)
		if took >= perRound/2 || iterations >= 1<<30 {
			iterations = max(1, int(float64(iterations)*float64(perRound)/float64(max(took, 1))))
			break
		}
		iterations *= 2
	}
	samples := make([]float64, rounds)
	for round := range samples {
		start := time.Now()
		loop(iterations)
		samples[round] = float64(time.Since(start)) / float64(iterations)
	}
	return samples
}

// pageBytes is the unit in which populating is reported.
const pageBytes = 4096

// PopulateCost reserves and maps a file of size bytes in directory and returns
// the nanoseconds that populating one page of it takes, and how long the longest
// window of 1 MiB took.
func PopulateCost(directory string, size int) (perPage, longestWindow float64, err error) {
	p := &Prepared{size: size}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.create(directory); err != nil {
		return 0, 0, err
	}
	total := time.Duration(0)
	for at := 0; at < size; at += populateWindow {
		start := time.Now()
		if err := p.mapping.PopulateWrite(at, min(populateWindow, size-at)); err != nil {
			return 0, 0, err
		}
		took := time.Since(start)
		total += took
		longestWindow = max(longestWindow, float64(took))
	}
	return float64(total) * pageBytes / float64(size), longestWindow, nil
}

// TouchCost reserves and maps a file of size bytes in directory and returns the nanoseconds that the first store to a page of it takes
// when nobody has populated it: the fault, and the page that it brings in.
func TouchCost(directory string, size int) (perPage float64, err error) {
	p := &Prepared{size: size}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.create(directory); err != nil {
		return 0, err
	}
	word := ascending(8)
	start := time.Now()
	for at := 0; at < size; at += pageBytes {
		p.mapping.Store(at, word)
	}
	return float64(time.Since(start)) * pageBytes / float64(size), nil
}
