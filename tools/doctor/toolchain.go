// The programs that building and testing take.

package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
)

// tools looks for Go, git and a C compiler. A store needs none of them at run time, so that nothing here is bad.
func (p patient) tools(ctx context.Context) []finding {
	return []finding{p.goCommand(ctx), p.git(ctx), p.compiler(ctx)}
}

func (p patient) goCommand(ctx context.Context) finding {
	version, err := p.command(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return finding{"go", warning, fmt.Sprintf("this program was built with %s, but go does not run: %v", runtime.Version(), err),
			"install the version of Go that go.mod names, to build or test here"}
	}
	// The command refuses a module that asks for more than it is and may fetch.
	if module, err := p.command(ctx, "go", "list", "-m"); err != nil {
		return finding{"go", warning, fmt.Sprintf("%s, which can't read the module here: %v", version, err),
			"run this in a module, with the version of Go that its go.mod names, or let GOTOOLCHAIN=auto fetch it"}
	} else if module == "" {
		return finding{"go", fine, version, ""}
	}
	return finding{"go", fine, version + ", " + runtime.GOOS + "/" + runtime.GOARCH, ""}
}

func (p patient) git(ctx context.Context) finding {
	version, err := p.command(ctx, "git", "--version")
	if err != nil {
		return finding{"git", warning, fmt.Sprintf("git does not run: %v", err), "install git: builds are stamped with it, and the example gitlog reads it"}
	}
	return finding{"git", fine, version, ""}
}

// compiler looks for what cgo calls, which only the race detector needs.
func (p patient) compiler(ctx context.Context) finding {
	const advice = "install gcc and the C library's headers: go test -race needs them, nothing else does"
	name, err := p.command(ctx, "go", "env", "CC")
	words := strings.Fields(name)
	if err != nil || len(words) == 0 {
		words = []string{"cc"}
	}
	version, err := p.command(ctx, words[0], append(words[1:], "--version")...)
	if err != nil {
		return finding{"c compiler", warning, fmt.Sprintf("%s does not run: %v", words[0], err), advice}
	}
	return finding{"c compiler", fine, version, ""}
}
