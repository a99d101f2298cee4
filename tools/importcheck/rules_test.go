// Each rule on made-up packages: held once, broken once.

package main

import (
	"slices"
	"strings"
	"testing"
)

const testModule = "example.test/house"

// pkg makes a listed package of the test module; imports that begin with ./
// are the module's own.
func pkg(rel string, imports ...string) listedPackage {
	return listedPackage{path: testModule + "/" + rel, imports: expand(imports)}
}

func expand(imports []string) []string {
	var full []string
	for _, path := range imports {
		if rel, ours := strings.CutPrefix(path, "./"); ours {
			path = testModule + "/" + rel
		}
		full = append(full, path)
	}
	return full
}

func inspectPackages(packages ...listedPackage) []string {
	return inspect(standingPlan(), house{module: testModule, packages: packages})
}

func wantViolations(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("violations:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestAHouseThatKeepsItsFloorsHasNoViolations(t *testing.T) {
	mapping := pkg("internal/mmap", "unsafe", "syscall", "golang.org/x/sys/unix", "github.com/edsrzf/mmap-go")
	mapping.outsideImports = expand([]string{"./internal/vfs"})
	wantViolations(t, inspectPackages(
		mapping,
		pkg("internal/vfs", "./internal/mmap", "os"),
		pkg("event", "./internal/payload", "time"),
		pkg("mmapseg", "./event", "./internal/vfs"),
		pkg("index", "./mmapseg"),
		pkg("recovery", "./mmapseg", "./index"),
		pkg("engine", "./engine/internal/commit", "./engine/internal/query", "./recovery"),
		pkg("engine/internal/commit", "./mmapseg", "./engine/internal/commit/queue"),
		pkg("engine/internal/commit/queue", "sync"),
		pkg("engine/internal/query", "./index"),
		pkg("batpaktest", "./engine"),
		pkg("cmd/batpak-bench", "./perfgates", "./engine", "github.com/alecthomas/kong"),
		pkg("perfgates", "./engine"),
	))
}

func TestAnImportOfAHigherFloorIsReported(t *testing.T) {
	wantViolations(t, inspectPackages(pkg("mmapseg", "./engine")),
		"mmapseg (floor 2) imports engine (floor 4): imports only point down")
}

func TestATestThatImportsAHigherFloorIsReported(t *testing.T) {
	inside, outside := pkg("mmapseg"), pkg("event")
	inside.testImports = expand([]string{"./recovery"})
	outside.outsideImports = expand([]string{"./batpaktest"})
	wantViolations(t, inspectPackages(inside, outside),
		"the test of event (floor 1) imports batpaktest (floor 5): imports only point down",
		"the test of mmapseg (floor 2) imports recovery (floor 3): imports only point down")
}

func TestAnUnknownTopLevelDirectoryIsReported(t *testing.T) {
	wantViolations(t, inspectPackages(pkg("utilities"), pkg("engine", "./utilities")),
		"utilities has no floor: give it one in tools/importcheck/plan.go, or move it")
}

func TestAPackageAtTheRootOrDirectlyInInternalHasNoFloor(t *testing.T) {
	wantViolations(t, inspectPackages(listedPackage{path: testModule}, pkg("internal"), pkg("cmd")),
		". has no floor: give it one in tools/importcheck/plan.go, or move it",
		"cmd has no floor: give it one in tools/importcheck/plan.go, or move it",
		"internal has no floor: give it one in tools/importcheck/plan.go, or move it")
}

func TestAPackageOfAnotherModuleIsReported(t *testing.T) {
	wantViolations(t, inspectPackages(listedPackage{path: "example.test/houses/engine"}),
		"example.test/houses/engine is not in the module example.test/house")
}

func TestACircleOfRoomsIsReportedOnce(t *testing.T) {
	wantViolations(t, inspectPackages(
		pkg("recovery/scan", "./cache"),
		pkg("cache/tier", "./recovery"),
		pkg("recovery"), pkg("cache"),
	), "cache -> recovery -> cache (all floor 3): the imports go in a circle")
}

func TestACircleThroughThreeRoomsIsReportedOnce(t *testing.T) {
	wantViolations(t, inspectPackages(
		pkg("internal/c/x", "./internal/a"),
		pkg("internal/a", "./internal/b"),
		pkg("internal/b", "./internal/c"),
		pkg("internal/c"),
	), "internal/a -> internal/b -> internal/c -> internal/a (all floor 1): the imports go in a circle")
}

func TestACircleIsFoundBesideAWayThatEndsBlind(t *testing.T) {
	wantViolations(t, inspectPackages(
		pkg("internal/a", "./internal/b", "./internal/d"),
		pkg("internal/b", "./internal/c"),
		pkg("internal/c"),
		pkg("internal/d", "./internal/e"),
		pkg("internal/e", "./internal/d"),
	), "internal/d -> internal/e -> internal/d (all floor 1): the imports go in a circle")
}

func TestAnInsideTestCanCloseACircleAndAnOutsideOneCannot(t *testing.T) {
	inside := pkg("index")
	inside.testImports = expand([]string{"./mmapseg"})
	outside := pkg("gate")
	outside.outsideImports = expand([]string{"./typestate"})
	wantViolations(t, inspectPackages(inside, pkg("mmapseg", "./index"), outside, pkg("typestate", "./gate")),
		"index -> mmapseg -> index (all floor 2): the imports go in a circle")
}

func TestCapabilitiesThatKnowEachOtherAreReported(t *testing.T) {
	query := pkg("engine/internal/query")
	query.outsideImports = expand([]string{"./engine/internal/follow/live"})
	wantViolations(t, inspectPackages(pkg("engine/internal/commit/queue", "./engine/internal/query"), query),
		"engine/internal/commit/queue (floor 4) imports engine/internal/query (floor 4): "+
			"the rooms of engine/internal/* do not know each other",
		"the test of engine/internal/query (floor 4) imports engine/internal/follow/live (floor 4): "+
			"the rooms of engine/internal/* do not know each other")
}

func TestLowLevelImportsOutsideInternalAreReported(t *testing.T) {
	const reason = ": only the rooms under internal/ hold unsafe code, cgo, raw system calls and mappings"
	low := pkg("mmapseg", "unsafe", "C", "syscall", "golang.org/x/sys/unix", "github.com/edsrzf/mmap-go")
	capability := pkg("engine/internal/commit")
	capability.testImports = []string{"unsafe"}
	wantViolations(t, inspectPackages(low, capability),
		"mmapseg imports C"+reason,
		"mmapseg imports github.com/edsrzf/mmap-go"+reason,
		"mmapseg imports golang.org/x/sys/unix"+reason,
		"mmapseg imports syscall"+reason,
		"mmapseg imports unsafe"+reason,
		"the test of engine/internal/commit imports unsafe"+reason)
}

func TestAModuleFileInToolsIsReported(t *testing.T) {
	got := inspect(standingPlan(), house{module: testModule, toolsHasGoMod: true})
	wantViolations(t, got, "tools/go.mod exists and cuts the programs in tools/ off from the module: "+
		"tool versions belong in tools/mod/NAME/go.mod")
}
