// Exceptions: what they excuse, and that they may not outlive their use.

package main

import "testing"

func inspectExcused(e exception, packages ...listedPackage) []string {
	p := standingPlan()
	p.exceptions = []exception{e}
	return inspect(p, house{module: testModule, packages: packages})
}

func TestAnExceptionExcusesEveryRuleButCircles(t *testing.T) {
	upward := exception{from: "mmapseg", to: "engine", reason: "a reason"}
	wantViolations(t, inspectExcused(upward, pkg("mmapseg", "./engine")))

	strangers := exception{from: "engine/internal/...", to: "engine/internal/view", reason: "a reason"}
	wantViolations(t, inspectExcused(strangers, pkg("engine/internal/query", "./engine/internal/view")))

	bound := exception{from: "cmd/batpak", to: "syscall", reason: "a reason"}
	wantViolations(t, inspectExcused(bound, pkg("cmd/batpak", "syscall")))

	circle := exception{from: "index", to: "mmapseg", reason: "a reason"}
	wantViolations(t, inspectExcused(circle, pkg("index", "./mmapseg"), pkg("mmapseg", "./index")),
		"index -> mmapseg -> index (all floor 2): the imports go in a circle",
		"the exception for index importing mmapseg excuses nothing any more: remove it")
}

func TestAnExceptionForTestsDoesNotExcuseThePackage(t *testing.T) {
	forTests := exception{from: "engine", to: "batpaktest", testsOnly: true, reason: "a reason"}
	tested := pkg("engine")
	tested.outsideImports = expand([]string{"./batpaktest"})
	wantViolations(t, inspectExcused(forTests, tested))
	wantViolations(t, inspectExcused(forTests, tested, pkg("engine", "./batpaktest")),
		"engine (floor 4) imports batpaktest (floor 5): imports only point down")
}

func TestAnExceptionWithoutAReasonIsReported(t *testing.T) {
	wantViolations(t, inspectExcused(exception{from: "mmapseg", to: "engine"}, pkg("mmapseg", "./engine")),
		"the exception for mmapseg importing engine gives no reason")
}

func TestAnExceptionThatExcusesNothingIsReported(t *testing.T) {
	wantViolations(t, inspectExcused(exception{from: "mmapseg", to: "engine", reason: "a reason"}, pkg("mmapseg")),
		"the exception for mmapseg importing engine excuses nothing any more: remove it")
}
