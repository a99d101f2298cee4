// This file reads the fenced blocks of Markdown pages.

package guide_test

import (
	"fmt"
	"os"
	"strings"
)

// block is what stands between two fences.
type block struct {
	page     string
	line     int    // of the opening fence, from 1
	language string // what stands behind it; empty: nothing
	lines    []string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// program reports whether the block is a whole program.
func (b block) program() bool { return len(b.lines) > 0 && strings.HasPrefix(b.lines[0], "package ") }

// blocksOf returns the fenced blocks of the page with this text. A fence that is never closed is an error.
func blocksOf(page, text string) ([]block, error) {
	var blocks []block
	var open *block
	for n, line := range strings.Split(text, "\n") {
		language, fence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case fence && open == nil:
			open = &block{page: page, line: n + 1, language: strings.TrimSpace(language)}
		case fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%v: the block is never closed", open)
	}
	return blocks, nil
}

// readPages returns the blocks of pages, in their order.
func readPages(paths []string) ([]block, error) {
	var all []block
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		blocks, err := blocksOf(path, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, blocks...)
	}
	return all, nil
}

// dedent takes from the lines the tabs that all of them begin with, but for empty ones.
func dedent(lines []string) []string {
	common := -1
	for _, line := range lines {
		if line == "" {
			continue
		}
		tabs := len(line) - len(strings.TrimLeft(line, "\t"))
		if common < 0 || tabs < common {
			common = tabs
		}
	}
	without := make([]string, len(lines))
	for n, line := range lines {
		without[n] = line[min(max(common, 0), len(line)):]
	}
	return without
}
