// The files of baselines: names, writing in whole, reading, and what is wrong with one.

package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// suffix is what the names of files end with.
const suffix = ".json"

// Directory holds baselines, each in a file NAME.json. It need not exist until one is saved.
type Directory string

var names = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

// NameError says that a name can't be that of a baseline.
type NameError struct{ Name string }

// Error says what a name must be.
func (e *NameError) Error() string {
	return fmt.Sprintf("%q can't be a baseline's name: it must be 1 to 64 of the characters A-Z, a-z, 0-9, '.', '_' and '-', the first of them no '.'", e.Name)
}

// UnknownError says that there is no baseline of a name, and which there are.
type UnknownError struct {
	Name      string
	Directory string
	Known     []string // sorted
}

// Error names the baselines that there are, too.
func (e *UnknownError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("unknown baseline %q: there are none in %s; make one by --save %s", e.Name, e.Directory, e.Name)
	}
	return fmt.Sprintf("unknown baseline %q in %s; there are %s", e.Name, e.Directory, strings.Join(e.Known, ", "))
}

// FileError says that a file is no baseline that can be read.
type FileError struct {
	Path   string
	Reason string
	Err    error // what it was found by; nil: by looking
}

// Error names the file and what is wrong with it.
func (e *FileError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s is no baseline: %s: %v", e.Path, e.Reason, e.Err)
	}
	return fmt.Sprintf("%s is no baseline: %s", e.Path, e.Reason)
}

// Unwrap returns what it was found by.
func (e *FileError) Unwrap() error { return e.Err }

// CheckName returns a *NameError for what can't be a name.
func CheckName(name string) error {
	if !names.MatchString(name) {
		return &NameError{name}
	}
	return nil
}

// Names returns the names of the baselines that there are, sorted; none where the directory does not exist.
func (d Directory) Names() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("no list of baselines: %w", err)
	}
	var found []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), suffix); ok && CheckName(name) == nil {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found, nil
}

func (d Directory) path(name string) string { return filepath.Join(string(d), name+suffix) }

// Load reads a baseline. Errors are *[NameError], *[UnknownError], *[FileError], and those of reading.
func (d Directory) Load(name string) (*Baseline, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	path := d.path(name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		known, err := d.Names()
		if err != nil {
			return nil, err
		}
		return nil, &UnknownError{name, string(d), known}
	}
	if err != nil {
		return nil, fmt.Errorf("no baseline to read: %w", err)
	}
	if !info.Mode().IsRegular() { // reading a pipe would wait for somebody
		return nil, &FileError{Path: path, Reason: "it is no ordinary file"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no baseline to read: %w", err)
	}
	b, err := decode(path, text)
	if err != nil {
		return nil, err
	}
	b.Name = name // a file that was copied is the baseline of its new name
	return b, nil
}

// decode looks at the format first: of another one nothing else may be believed.
func decode(path string, text []byte) (*Baseline, error) {
	var header struct {
		Format *int `json:"format"`
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &FileError{Path: path, Reason: "it is empty"}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&header)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &FileError{path, fmt.Sprintf("its end is missing: it breaks off after %d bytes", len(text)), err}
	case err != nil:
		return nil, &FileError{path, "it is not the JSON of one", err}
	}
	end := decoder.InputOffset()
	_, err = decoder.Token()
	switch {
	case !errors.Is(err, io.EOF):
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("something follows behind its end at byte %d", end)}
	case header.Format == nil:
		return nil, &FileError{Path: path, Reason: "it does not say its format"}
	case *header.Format != Format:
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("its format is %d, and this program reads %d only", *header.Format, Format)}
	}
	b := new(Baseline)
	if err := json.Unmarshal(text, b); err != nil {
		return nil, &FileError{path, "it does not hold what its format says", err}
	}
	if err := errors.Join(b.check(), b.checkText()); err != nil {
		return nil, &FileError{path, "it does not hold what its format says", err}
	}
	return b, nil
}

// Writable makes the directory unless it is there, and a file in it, which it removes: so that what takes long to measure is not lost
// where it can't be saved.
func (d Directory) Writable() error {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return fmt.Errorf("no place for baselines: %w", err)
	}
	probe, err := besideOf(d.path("probe"))
	if err != nil {
		return fmt.Errorf("no place for baselines: %w", err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("no place for baselines: %w", err)
	}
	return nil
}

// Save writes a baseline in the place of one of the same name, and returns the path. Until that is done the old one stays; where it fails, nothing is left
// but for a process that is killed, of which a file remains whose name begins with a dot and which counts for nothing. The format is
// written by Save.
func (d Directory) Save(b *Baseline) (path string, err error) {
	if err := CheckName(b.Name); err != nil {
		return "", err
	}
	b.Format = Format
	if err := b.check(); err != nil {
		return "", fmt.Errorf("baseline %q can't be saved: %w", b.Name, err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("baseline %q can't be saved: %w", b.Name, err)
	}
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return "", fmt.Errorf("no place for baselines: %w", err)
	}
	path = d.path(b.Name)
	if err := Replace(path, append(text, '\n')); err != nil {
		return "", fmt.Errorf("baseline %q could not be saved: %w", b.Name, err)
	}
	return path, nil
}

// Replace writes a file in whole or not at all: into another one beside it, which is synced and takes its name. What stood
// there before stays where that fails.
//
// A link stays, and what it leads to is replaced. What is no ordinary file, such as a device or a pipe, is refused.
func Replace(path string, content []byte) error {
	path, err := ordinary(path)
	if err != nil {
		return err
	}
	f, err := besideOf(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDirectory(filepath.Dir(path))
}

// ordinary returns the path behind links, where there is an ordinary file or nothing yet.
func ordinary(path string) (string, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no ordinary file", path)
	}
	return path, err
}

// besideOf makes a file of its own in the same directory. Its name begins with a dot, which that of no baseline does.
func besideOf(path string) (*os.File, error) {
	directory, name := filepath.Split(path)
	return os.OpenFile(fmt.Sprintf("%s.%s.%08x.tmp", directory, name, rand.Uint32()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
}

// syncDirectory makes a new name last.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
