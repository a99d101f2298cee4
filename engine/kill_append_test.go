// The child that is killed: it opens the store, appends from several goroutines under
// some policy, each event waiting for something else, closes, begins again, and tells
// every answer that it got before it asks for the next one.
//
// What it tells is a word, a sequence, and mostly an id and a hash:
//
//	staged   an append returned that did not wait
//	durable  an append returned that did
//	visible  a reader met the event
//	synced   Sync or WaitDurable returned: all up to this sequence is durable
//	closed   Close returned: all that was told is durable
//	refused  an append, or Open, failed since the disk is full

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// killPolicies are the policies of the children, which are named by what they print as.
var killPolicies = []engine.SyncPolicy{
	engine.SyncEveryAppend(),
	engine.SyncEvery(40, 0),
	engine.SyncEvery(0, 2*time.Millisecond),
	engine.SyncEvery(1000, time.Millisecond),
	engine.SyncManual(),
}

// policyNamed returns the policy that prints so.
func policyNamed(name string) (engine.SyncPolicy, error) {
	for _, policy := range killPolicies {
		if policy.String() == name {
			return policy, nil
		}
	}
	return engine.SyncPolicy{}, fmt.Errorf("there is no policy %q", name)
}

// childWriters is how many goroutines append in the child.
const childWriters = 3

// talker is one opening of the store in the child. Its goroutines share the output.
type talker struct {
	store  *engine.Store
	policy engine.SyncPolicy
	seed   uint64
	output *sync.Mutex
}

// appendingChild does as the top of this file says until it is killed, or for so many
// lives of the store as its input says. Before that it says hello, so that it can be
// killed while it opens the store.
func appendingChild(dir string) int {
	fmt.Println("hello")
	var seed uint64
	if _, err := fmt.Sscan(os.Getenv(childSeed), &seed); err != nil {
		fmt.Fprintln(os.Stderr, "child: seed:", err)
		return 1
	}
	policy, err := policyNamed(os.Getenv(childPolicy))
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for life := uint64(0); ; life++ {
		s, err := engine.Open(dir, engine.Options{SegmentSize: engine.MinSegmentSize, Sync: policy})
		if errors.Is(err, engine.ErrNoSpace) {
			fmt.Println("refused 0")
			continue
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "child: open:", err)
			return 1
		}
		t := &talker{store: s, policy: policy, seed: seed + life<<24, output: new(sync.Mutex)}
		if err := t.live(1 + random.IntN(300)); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			return 1
		}
		fmt.Println("closed 0")
	}
}

// live appends so many events in every writer, and closes the store.
func (k *talker) live(events int) error {
	errs := make([]error, childWriters+1)
	var writing, reading sync.WaitGroup
	for writer := range childWriters {
		writing.Go(func() { errs[writer] = k.write(uint64(writer), events) })
	}
	done := make(chan struct{})
	reading.Go(func() { errs[childWriters] = k.read(done) })
	writing.Wait()
	close(done)
	reading.Wait()
	return errors.Join(append(errs, k.store.Close())...)
}

// say writes one line.
func (k *talker) say(word string, sequence uint64, rest ...any) {
	k.output.Lock()
	defer k.output.Unlock()
	fmt.Println(append([]any{word, sequence}, rest...)...)
}

// write appends events that wait for what chance says, and sees to it now and then that
// they become durable.
func (k *talker) write(writer uint64, events int) error {
	random := rand.New(rand.NewPCG(k.seed, writer))
	at := event.MustAt(fmt.Sprint("writer-", writer), "kill")
	for n := range uint64(events) {
		wait := engine.Wait(random.IntN(int(engine.WaitStaged) + 1))
		payload := childPayload(k.seed + n*childWriters + writer)
		r, err := k.store.AppendBytesWith(at, event.Data, event.CodecRaw, payload, engine.AppendOptions{Wait: wait})
		if errors.Is(err, engine.ErrNoSpace) {
			k.say("refused", 0)
			continue
		}
		if err != nil {
			return fmt.Errorf("append: %w", err)
		}
		word := "staged"
		if wait == engine.WaitDurable || wait == engine.WaitPolicy && k.policy == engine.SyncEveryAppend() {
			word = "durable"
		}
		k.say(word, r.Sequence, r.ID, r.Hash)
		switch random.IntN(12) {
		case 0:
			err = k.store.Sync()
		case 1, 2:
			err = k.store.WaitDurable(context.Background(), r.Sequence)
		default:
			continue
		}
		if err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		k.say("synced", r.Sequence)
	}
	return nil
}

// read tells which event is the last that can be read, again and again.
func (k *talker) read(done chan struct{}) error {
	for told := uint64(0); ; {
		select {
		case <-done:
			return nil
		default:
		}
		for ev, err := range k.store.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
			if err != nil {
				return fmt.Errorf("read: %w", err)
			}
			if ev.Sequence != told {
				told = ev.Sequence
				k.say("visible", ev.Sequence, ev.ID, ev.Hash)
			}
		}
	}
}
