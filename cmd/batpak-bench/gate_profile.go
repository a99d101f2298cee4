// Profiles of the verb "gate": found by name or in a file, and made of what was measured.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
)

// profileOf finds a profile; "" is the one without budgets. A name that comes with the program is taken before a file.
func profileOf(name string) (perfgates.Profile, error) {
	if name == "" {
		return perfgates.Profile{}, nil
	}
	var known []string
	for _, p := range perfgates.Profiles() {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return perfgates.Profile{}, fmt.Errorf("unknown profile %q: no file of that name, and the program comes with %s", name, strings.Join(known, ", "))
	case err != nil:
		return perfgates.Profile{}, fmt.Errorf("no profile to read: %w", err)
	case !info.Mode().IsRegular(): // reading a pipe would wait for somebody
		return perfgates.Profile{}, fmt.Errorf("%s is no ordinary file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return perfgates.Profile{}, fmt.Errorf("no profile to read: %w", err)
	}
	p, err := perfgates.ReadProfile(f)
	_ = f.Close() // nothing was written
	if err != nil {
		return perfgates.Profile{}, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// writeProfile makes a profile named like the file.
func (c *gateCommand) writeProfile(m measured) error {
	name := strings.TrimSuffix(filepath.Base(c.WriteProfile), ".json")
	description := fmt.Sprintf("Measured once on this machine at %s, the worse end of each interval with a headroom of %v: %s.", scaleName(m.quick), c.Headroom, m.machine)
	p, err := perfgates.NewProfile(name, description, m.results, c.Headroom)
	if err != nil {
		return fmt.Errorf("no profile was written: %w", err)
	}
	p.CPUs, p.Quick = m.machine.CPUs, m.quick
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("no profile was written: %w", err)
	}
	if err := baseline.Replace(c.WriteProfile, append(text, '\n')); err != nil {
		return fmt.Errorf("no profile was written: %w", err)
	}
	return nil
}

// writable returns an error where a file could not take the place of what is at path. It makes one beside it, which it removes.
func writable(path string) error {
	path, err := replaceable(path)
	if err != nil {
		return err
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".probe-*.tmp")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
