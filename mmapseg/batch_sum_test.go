// The checksum that binds the events of a batch together.

package mmapseg

import "testing"

func TestTheChecksumOfABatchDependsOnEveryEventAndOnTheirOrder(t *testing.T) {
	t.Parallel()
	sum := func(bodies ...uint32) (sum uint32) {
		for _, body := range bodies {
			sum = BatchCRC(sum, body)
		}
		return sum
	}
	bodies := []uint32{1, 0xdeadbeef, 0, 1 << 31, 77, 0}
	want := sum(bodies...)
	for i := range bodies {
		for bit := range 32 {
			other := append([]uint32(nil), bodies...)
			other[i] ^= 1 << bit
			if sum(other...) == want {
				t.Errorf("the sum stays when bit %d of event %d changes", bit, i)
			}
		}
	}
	if sum(bodies[:5]...) == want || sum(append(bodies, 0)...) == want {
		t.Error("the sum stays when an event is missing, or added")
	}
	if sum(0xdeadbeef, 1, 0, 1<<31, 77, 0) == want {
		t.Error("the sum stays when two events change places")
	}
}
