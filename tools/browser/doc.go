// Browser opens a report of batpak-bench in headless Chromium and checks what people see there.
//
// It reads each number shown out of the page and compares it with the page's JSON, and with --json that with the saved measurement behind it,
// whose passes it pools again by itself. It looks for scripts that failed and for requests to a
// network, for words wider than the screen, and for charts without words, at two widths, light and dark. Of each of the four it
// writes a screenshot.
//
// It knows a browser, how numbers are rounded for people, and the places in the JSON that elements name. It never knows how the
// page was made: what it reads it reads again by itself.
//
// Usage:
//
//	go -C tools/browser run . --report FILE [--json .batpak-bench/NAME.json] [--screenshots DIR]
//
// Relative paths are those of the directory in which it runs, which with -C is tools/browser. Chromium is $CHROME, else
// /usr/bin/chromium, else the first on the path. It exits with 0 when all holds, 1 when something does not, and 2
// when it could not look.
package main
