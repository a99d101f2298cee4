// Loading the packages of the module in the current directory with `go list`.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// goListPackage holds the fields of `go list -json` that are used here.
type goListPackage struct {
	ImportPath     string
	Dir            string
	Imports        []string
	TestImports    []string
	XTestImports   []string
	IgnoredGoFiles []string
	Error          *struct{ Err string }
}

// load lists the packages of the module that the directory dir belongs to, each
// once, with the imports that it has on any of the systems. Files that are
// constrained out on all of them count as well: their imports are parsed.
//
// A package that can't be read is an error, but the others are returned with
// it, so that one broken file does not hide a violation.
func load(dir string, systems ...string) (house, error) {
	module, root, err := findModule(dir)
	if err != nil {
		return house{}, err
	}
	sets := gathered{}
	var problems []error
	for _, system := range systems {
		listed, err := list(root, system)
		if err != nil {
			return house{}, err
		}
		for _, p := range listed {
			if p.Error != nil {
				problems = append(problems, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err))
			}
			if err := sets.gather(p); err != nil {
				problems = append(problems, err)
			}
		}
	}
	h := house{module: module}
	for _, path := range slices.Sorted(maps.Keys(sets)) {
		h.packages = append(h.packages, listedPackage{
			path:           path,
			imports:        slices.Sorted(maps.Keys(sets[path].imports)),
			testImports:    slices.Sorted(maps.Keys(sets[path].testImports)),
			outsideImports: slices.Sorted(maps.Keys(sets[path].outsideImports)),
		})
	}
	_, err = os.Lstat(filepath.Join(root, "tools", "go.mod"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, err)
	}
	h.toolsHasGoMod = err == nil
	return h, errors.Join(problems...)
}

// goCommand runs go in dir for the given system, and returns what it prints.
// GOFLAGS, GOWORK and GOARCH of the caller are kept out, so that the answer
// depends on the tree alone; cgo is on, so that files that need it are listed.
func goCommand(dir, system string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOFLAGS=", "GOWORK=off", "GOARCH=amd64", "CGO_ENABLED=1")
	if system != "" {
		cmd.Env = append(cmd.Env, "GOOS="+system)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

func findModule(dir string) (path, root string, err error) {
	out, err := goCommand(dir, "", "list", "-m", "-json")
	if err != nil {
		return "", "", fmt.Errorf("finding the module: %w", err)
	}
	var module struct{ Path, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", "", fmt.Errorf("reading what go list -m printed: %w", err)
	}
	if module.Dir == "" {
		return "", "", fmt.Errorf("%s is not inside a module", dir)
	}
	return module.Path, module.Dir, nil
}

func list(root, system string) ([]goListPackage, error) {
	out, err := goCommand(root, system, "list", "-e",
		"-json=ImportPath,Dir,Imports,TestImports,XTestImports,IgnoredGoFiles,Error", "./...")
	if err != nil {
		return nil, fmt.Errorf("listing the packages for %s: %w", system, err)
	}
	var packages []goListPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goListPackage
		err := decoder.Decode(&p)
		if err == io.EOF {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading what go list printed for %s: %w", system, err)
		}
		packages = append(packages, p)
	}
}
