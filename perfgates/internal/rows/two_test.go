// P7: rounds of the same size, whoever makes them.

package rows

import "testing"

func TestARoundAppendsTheSameWithOneCallerAndWithTwo(t *testing.T) {
	env := tinyEnv(t)
	r, err := newTwoRun(env, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}()
	if r.frameBytes < 1<<10 || len(r.load.payload) != 1<<10 {
		t.Errorf("frames of %d bytes for payloads of %d", r.frameBytes, len(r.load.payload))
	}
	for _, callers := range []int{1, 2} {
		before := r.store.Stats().Events
		if err := r.round(callers); err != nil {
			t.Fatal(err)
		}
		if appended := int(r.store.Stats().Events - before); appended > r.perRound || appended <= r.perRound-64 {
			t.Errorf("%d callers appended %d of %d events", callers, appended, r.perRound)
		}
	}
	if len(r.one) != 1 || len(r.two) != 1 || r.one[0] <= 0 || r.two[0] <= 0 {
		t.Errorf("rates %v and %v", r.one, r.two)
	}
}
