// Finding and starting the browser.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

var errNoBrowser = errors.New("no browser: install one (apt-get install chromium), or name one in $CHROME")

// chromium returns the browser's path.
func chromium() (string, error) {
	if named := os.Getenv("CHROME"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("$CHROME is no browser: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBrowser
}

// start starts the browser with a profile of its own, which is removed when the returned function is called.
func start(ctx context.Context, program string) (context.Context, func(), error) {
	profile, err := os.MkdirTemp("", "batpak-browser-*")
	if err != nil {
		return nil, nil, fmt.Errorf("no place for the browser's profile: %w", err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.UserDataDir(profile)}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(ctx, options...)
	browser, stopBrowser := chromedp.NewContext(allocator)
	stop := func() {
		stopBrowser()
		stopAllocator() // waits for the process
		if err := os.RemoveAll(profile); err != nil {
			fmt.Fprintln(os.Stderr, "browser: left behind:", err)
		}
	}
	if err := chromedp.Do(browser); err != nil {
		stop()
		return nil, nil, fmt.Errorf("%s did not start: %w", program, err)
	}
	return browser, stop, nil
}
