// This file proves the parsing of what the kernel says about memory and reading.

package host

import (
	"errors"
	"testing"
)

func TestMemoryComesFromItsFields(t *testing.T) {
	const status = "Name:\tx\nVmRSS:\t    1700 kB\nRssAnon:\t     500 kB\nRssFile:\t    1200 kB\nRssShmem:\t 0 kB\n"
	got, err := parseMemory(status, "status")
	if want := (Memory{1700 << 10, 500 << 10, 1200 << 10}); err != nil || got != want {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	for _, text := range []string{"", "VmRSS:\nRssAnon: 1 kB\nRssFile: 1 kB\n", "VmRSS: x kB\nRssAnon: 1 kB\nRssFile: 1 kB\n"} {
		if _, err := parseMemory(text, "status"); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if _, err := field("rchar: 1\n", "read_bytes"); !errors.Is(err, errNoField) {
		t.Errorf("a missing field gives %v", err)
	}
}
