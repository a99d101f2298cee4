// This file holds what a file says as a whole: which of its slots counts.

package cursorfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// Error says which cursor can't be opened, and why.
type Error struct {
	Name    string // of the cursor; empty where only the file is known
	File    string // base name
	Problem string
	Err     error // what errors.Is finds
}

// Error names the cursor, its file and the problem.
func (e *Error) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("batpak: cursor in %s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("batpak: cursor %q in %s: %s", e.Name, e.File, e.Problem)
}

// Unwrap returns what errors.Is finds.
func (e *Error) Unwrap() error { return e.Err }

// Content is what a file says.
type Content struct {
	Name     string
	Position Position
	// Fallback is why one of the slots does not count; nil: both are sound.
	Fallback error

	slots [2]slot // generation 0: it does not count
	newer int     // which of them counts
}

// parse judges the two slots of a file.
func parse(file string, slots [2][]byte) (Content, error) {
	var c Content
	var problems [2]error
	for i, b := range slots {
		c.slots[i], problems[i] = decode(file, b)
	}
	first, second := &c.slots[0], &c.slots[1]
	if problems[0] != nil && problems[1] != nil {
		return Content{}, refuse(file, problems)
	}
	if problems[0] != nil || second.generation > first.generation {
		c.newer = 1
	}
	if hooks.Enabled && hooks.Planted(hooks.CursorOlderSlot) && problems[0] == nil && problems[1] == nil {
		c.newer = 1 - c.newer
	}
	c.Name, c.Position = c.slots[c.newer].name, c.slots[c.newer].position
	older := 1 - c.newer
	switch {
	case problems[older] != nil:
		c.Fallback = fmt.Errorf("slot %d: %w", older, problems[older])
	case first.name != second.name:
		return Content{}, &Error{File: file, Problem: fmt.Sprintf("its slots are those of %q and %q", first.name, second.name), Err: mmapseg.ErrCorrupt}
	}
	if FileName(c.Name) != file {
		return Content{}, &Error{File: file, Problem: fmt.Sprintf("it holds the position of %q", c.Name), Err: mmapseg.ErrCorrupt}
	}
	return c, nil
}

// refuse returns the error of a file without a slot that counts.
func refuse(file string, problems [2]error) error {
	for _, problem := range problems {
		var version *mmapseg.VersionError
		if errors.As(problem, &version) {
			return &Error{File: file, Problem: version.Error(), Err: version}
		}
	}
	return &Error{File: file, Problem: fmt.Sprintf("both slots are damaged: %v; %v", problems[0], problems[1]), Err: mmapseg.ErrCorrupt}
}

// Read returns what a file says, and changes nothing. Beside [Error] it returns the errors of the file system, such as
// fs.ErrNotExist.
func Read(dir vfs.Dir, file string) (Content, error) {
	f, err := dir.Open(file, false)
	if err != nil {
		return Content{}, err
	}
	c, err := read(f, file)
	return c, errors.Join(err, f.Close())
}

// read reads both slots.
func read(f vfs.File, file string) (Content, error) {
	var slots [2][]byte
	for i := range slots {
		b := make([]byte, slotSize)
		n, err := f.ReadAt(b, int64(i)*pageSize)
		if err != nil && err != io.EOF {
			return Content{}, fmt.Errorf("read cursor file: %w", err)
		}
		slots[i] = b[:n]
	}
	return parse(file, slots)
}
