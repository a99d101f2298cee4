// What this program was built from.

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// builtFrom returns the version of the module, the commit, and whether there were changes beside it. `go run` stamps no commit
// into what it builds; then git is asked in the directory of the source, if that is there. What nobody knows is "".
func builtFrom(ctx context.Context) (version, commit string, modified bool) {
	info, ok := debug.ReadBuildInfo()
	if ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				commit = setting.Value
			case "vcs.modified":
				modified = setting.Value == "true"
			}
		}
	}
	if commit != "" {
		return version, commit, modified
	}
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return version, "", false
	}
	git := func(arguments ...string) (string, bool) {
		said, err := exec.CommandContext(ctx, "git", append([]string{"-C", filepath.Dir(file)}, arguments...)...).Output()
		return strings.TrimSpace(string(said)), err == nil
	}
	commit, ok = git("rev-parse", "HEAD")
	if !ok {
		return version, "", false
	}
	changes, ok := git("status", "--porcelain", "--untracked-files=no")
	return version, commit, !ok || changes != ""
}
