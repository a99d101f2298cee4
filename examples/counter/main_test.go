// This file proves what the program prints, and that it notices what does not hold.

package main

import (
	"bytes"
	"strings"
	"testing"
)

// printed is what the program prints.
const printed = `Cold: 6000 events, 1000 of the blog
ok    1000 events were folded: 1000 visits, 100 of /page-3
Asked again
ok    0 events were folded, and what a caller did to its copy changed nothing: 100 of /page-3
5 visits more, and 10000 of the shop
ok    5 events were folded: 1005 visits
A restart, and 7 visits more
ok    12 events were folded, those that came since the state was written to its file: 1012 visits
A restart with the file damaged
ok    1 file was discarded, and 1012 events were folded: 1012 visits
Another version of the fold, which counts visits twice
ok    1012 events were folded: 2024
ok    and none for the first version: 1012
Every site, in one pass
ok    2 sites: 1012 visits, and 15000
Watching the blog, whose visits come three at a time
ok    one state for each three: [1012 1015 1018]
`

func TestEveryClaimHolds(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := run([]string{"--dir", dir}, &out, &errs); code != exitFine || errs.Len() != 0 || out.String() != printed {
		t.Errorf("exit code %d\n%s%s", code, &out, &errs)
	}
	// A directory that has a store already would make other numbers.
	out.Reset()
	if code := run([]string{"--dir", dir}, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "has a store already") {
		t.Errorf("exit code %d\n%s%s", code, &out, &errs)
	}
}

func TestAClaimThatDoesNotHoldIsSaid(t *testing.T) {
	var out bytes.Buffer
	c := counter{out: &out}
	c.claim(true, "one is %d", 1)
	c.claim(false, "one is %d", 2)
	if !c.wrong || out.String() != "ok    one is 1\nWRONG one is 2\n" {
		t.Errorf("%v\n%s", c.wrong, &out)
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	for argument, want := range map[string]int{"--help": exitFine, "--never": exitFailed, "more": exitFailed} {
		var out, errs bytes.Buffer
		if code := run([]string{argument}, &out, &errs); code != want || errs.Len() == 0 {
			t.Errorf("%s: exit code %d, %s", argument, code, &errs)
		}
	}
}
