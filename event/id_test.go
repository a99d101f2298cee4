// Tests of ids.

package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

func TestAnIDHasTheBytesOfItsLayout(t *testing.T) {
	for _, c := range []struct {
		wall    uint64
		counter uint32
		random  uint64
		want    string
	}{
		{0, 0, 0, "00000000000070008000000000000000"},
		{0x0123456789ab, 0, 0, "0123456789ab70008000000000000000"},
		{0, 1, 0, "00000000000070008000040000000000"},
		{0, 0xffffffff, 0, "0000000000007fffbffffc0000000000"},
		{0, 0, 1<<42 - 1, "0000000000007000800003ffffffffff"},
		{1<<64 - 1, 0x12345678, 1<<64 - 1, "ffffffffffff723494" + "59e3ffffffffff"},
		{1763875200000, 0xdeadbeef, 0x2a5a5a5a5a5, "019aaf" + "" + wallTail + "7d" + "eab6" + "fbbea5a5a5a5a5"},
	} {
		if got := event.MakeID(c.wall, c.counter, c.random).String(); got != c.want {
			t.Errorf("MakeID(%d, %#x, %#x) = %s, want %s", c.wall, c.counter, c.random, got, c.want)
		}
	}
}
