// This file holds doing many pieces of work on several goroutines, with their results taken in order.

package chain

import (
	"context"
	"sync"
)

// inOrder runs work for each number from 0 to count-1 on so many goroutines, and gives what it returns to take, in order,
// until take returns false or ctx ends. No more than two pieces for each goroutine, and two, are begun and not taken. work is
// given the number of its goroutine; the context that it is given ends when nothing more will be taken. When inOrder returns
// all work has returned.
func inOrder[T any](ctx context.Context, count, goroutines int, work func(ctx context.Context, goroutine, n int) T, take func(n int, result T) bool) {
	ctx, cancel := context.WithCancel(ctx)
	type piece struct {
		n    int
		done chan T
	}
	todo := make(chan piece)
	begun := make(chan piece, goroutines)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for goroutine := range min(goroutines, count) {
		group.Go(func() {
			for p := range todo {
				p.done <- work(ctx, goroutine, p.n)
			}
		})
	}
	group.Go(func() {
		defer close(begun)
		defer close(todo)
		for n := range count {
			p := piece{n, make(chan T, 1)}
			select {
			case begun <- p:
			case <-ctx.Done():
				return
			}
			select {
			case todo <- p:
			case <-ctx.Done():
				close(p.done)
				return
			}
		}
	})
	for p := range begun {
		result, ok := <-p.done
		if !ok || ctx.Err() != nil || !take(p.n, result) {
			return
		}
	}
}
