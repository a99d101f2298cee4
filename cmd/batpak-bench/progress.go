// One live line, on a terminal only.

package main

import (
	"fmt"
	"os"
	"time"
)

// betweenShows keeps the line from costing more than what it tells about.
const betweenShows = 100 * time.Millisecond

// widest is what fits on a line of most terminals: what is broken into two can't be overwritten.
const widest = 79

type progress struct {
	session *session
	began   time.Time
	last    time.Time
	width   int
}

func (s *session) newProgress() *progress { return &progress{session: s, began: time.Now()} }

// show replaces the line, unless it has just been replaced.
func (p *progress) show(text string) {
	if !p.session.live || time.Since(p.last) < betweenShows {
		return
	}
	if len(text) > widest {
		text = text[:widest-3] + "..."
	}
	fmt.Fprintf(p.session.messages, "\r%-*s", p.width, text)
	p.last, p.width = time.Now(), len(text)
}

// clear removes the line.
func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprintf(p.session.messages, "\r%*s\r", p.width, "")
	}
	p.width = 0
}

// warn removes the line and prints a warning, on a terminal or not.
func (p *progress) warn(text string) {
	p.clear()
	p.session.warn(text)
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
