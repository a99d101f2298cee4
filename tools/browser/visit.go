// Looking at the page: at each size, light and dark.

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// view is one way to look at the page.
type view struct {
	width int64 // CSS pixels
	dark  bool
}

func (v view) String() string {
	return fmt.Sprintf("%d-%s", v.width, map[bool]string{false: "light", true: "dark"}[v.dark])
}

// views are those that are looked at.
func views() []view { return []view{{1400, false}, {1400, true}, {400, false}, {400, true}} }

// sight is what was seen.
type sight struct {
	saved []pooled // what the page was made of; nil: not compared

	document    string  // the JSON
	shown       []shown // with their places
	loose       []string
	charts      int
	results     int
	views       []seenView
	troubles    []string
	screenshots []string
}

// shown is a number or word of the page.
type shown struct{ In, Row, Name, Key, Text string }

// seenView is what depends on size and colours.
type seenView struct {
	view   string
	Wide   int      // pixels that the page needs
	Room   int      // pixels that there are
	Over   []string // elements that reach beyond
	Narrow []string // charts without room
	Back   string   // colour of the page
	Ink    string   // of its words
}

// troubles collects what the browser complains about while the page is open. Events come from its own goroutine.
type troubles struct {
	mu    sync.Mutex
	texts []string
	own   string // the page's address, the only one that may be asked for
}

func (t *troubles) add(format string, values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts = append(t.texts, fmt.Sprintf(format, values...))
}

func (t *troubles) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.texts...)
}

// exception says what a script died of.
func exception(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

// event takes one event of the browser.
func (t *troubles) event(event any) {
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		t.add("a script failed: %s", exception(event.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning || event.Type == runtime.ConsoleAPICalledTypeAssert {
			t.add("a script complains on the console (%s)", event.Type)
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			t.add("the browser complains: %s", event.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if address := event.Request.URL; address != t.own && !strings.HasPrefix(address, "data:") {
			t.add("the page asks for %s", address)
		}
	}
}

// visit opens the page at each view.
func visit(ctx context.Context, program, path, screenshots string) (*sight, error) {
	ctx, stop, err := start(ctx, program)
	if err != nil {
		return nil, err
	}
	defer stop()
	seen, complaints := new(sight), &troubles{own: (&url.URL{Scheme: "file", Path: path}).String()}
	err = errors.Join(chromedp.Listen(ctx, complaints.event), chromedp.Do(ctx,
		command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{})))
	if err != nil {
		return nil, fmt.Errorf("the browser does not tell what it does: %w", err)
	}
	for _, v := range views() {
		if err := seen.visit(ctx, v, complaints.own, screenshots); err != nil {
			return nil, fmt.Errorf("looking at %s: %w", v, err)
		}
	}
	read, err := chromedp.Run(ctx, chromedp.Evaluate[seenPage](readScript))
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	seen.read(read)
	seen.troubles = append(seen.troubles, complaints.all()...)
	return seen, nil
}

// command is one of the browser's protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (s *sight) visit(ctx context.Context, v view, address, screenshots string) error {
	scheme := map[bool]string{false: "light", true: "dark"}[v.dark]
	err := chromedp.Do(ctx,
		chromedp.EmulateViewport(v.width, 900),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
		chromedp.Navigate(address),
		chromedp.WaitReady(chromedp.CSS("#results")),
	)
	if err != nil {
		return err
	}
	of, err := chromedp.Run(ctx, chromedp.Evaluate[seenView](viewScript))
	if err != nil {
		return err
	}
	of.view = v.String()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	s.views = append(s.views, of)
	if screenshots == "" {
		return nil
	}
	path := filepath.Join(screenshots, "report-"+v.String()+".png")
	s.screenshots = append(s.screenshots, path)
	return os.WriteFile(path, picture, 0o644)
}
