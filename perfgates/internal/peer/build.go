// Building the peers' program from the source tree.

package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The module that the peers live in, and where it stands in the source tree.
const (
	peersModule    = "github.com/batpak/batpak/tools/peers"
	peersDirectory = "tools/peers"
)

// Program is the built program.
type Program struct{ path string }

// ErrNoSource says that the peers can't be built because their source is not there.
var ErrNoSource = errors.New("the source of the peers is not there")

// Build builds the peers into directory, which takes minutes the first time and may fetch
// modules. The source tree is looked for above the working directory and above the
// running program; where it isn't, the error is ErrNoSource.
func Build(ctx context.Context, directory string) (*Program, error) {
	source, err := findSource()
	if err != nil {
		return nil, err
	}
	directory, err = filepath.Abs(directory) // go build works elsewhere
	if err != nil {
		return nil, err
	}
	path := filepath.Join(directory, "peers")
	build := exec.CommandContext(ctx, "go", "build", "-C", source, "-o", path, ".")
	// What the caller has set for this module is not meant for that one.
	build.Env = append(build.Environ(), "GOFLAGS=", "GOWORK=off")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build -C %s: %w: %s", source, err, lastLine(string(said)))
	}
	return &Program{path}, nil
}

func findSource() (string, error) {
	var starts []string
	if working, err := os.Getwd(); err == nil {
		starts = append(starts, working)
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, start := range starts {
		if source, err := sourceAbove(start); !errors.Is(err, ErrNoSource) {
			return source, err
		}
	}
	return "", fmt.Errorf("%w: no %s above %s", ErrNoSource, peersDirectory, strings.Join(starts, " or "))
}

// sourceAbove looks in start and in every directory above it.
func sourceAbove(start string) (string, error) {
	for directory := start; ; directory = filepath.Dir(directory) {
		source := filepath.Join(directory, peersDirectory)
		name, err := moduleOf(filepath.Join(source, "go.mod"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if name == peersModule {
			return source, nil
		}
		if directory == filepath.Dir(directory) {
			return "", ErrNoSource
		}
	}
}

// moduleOf returns the module that a go.mod file is about, nothing where it does not say.
func moduleOf(file string) (string, error) {
	text, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer text.Close() // only read
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "module "); found {
			return strings.TrimSpace(name), nil
		}
	}
	return "", lines.Err()
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
