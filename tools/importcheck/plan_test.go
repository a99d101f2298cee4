// The plan itself: which room a directory belongs to.

package main

import "testing"

func TestTheLongestPatternDecidesTheRoom(t *testing.T) {
	tests := []struct {
		rel, name string
		floor     int
	}{
		{"engine", "engine", 4},
		{"engine/internal", "engine", 4},
		{"engine/internal/commit", "engine/internal/commit", 4},
		{"engine/internal/commit/queue", "engine/internal/commit", 4},
		{"internal/vfs", "internal/vfs", 1},
		{"mmapseg/internal/vfs", "mmapseg", 2},
		{"cmd/batpak-bench/report", "cmd/batpak-bench", 6},
	}
	for _, test := range tests {
		got, ok := standingPlan().roomOf(test.rel)
		if !ok || got.name != test.name || got.floor != test.floor {
			t.Errorf("roomOf(%q) = %q on floor %d, %t; want %q on floor %d", test.rel, got.name, got.floor, ok, test.name, test.floor)
		}
	}
	for _, rel := range []string{".", "internal", "cmd", "engines", "docs"} {
		if got, ok := standingPlan().roomOf(rel); ok {
			t.Errorf("roomOf(%q) = %q, want none", rel, got.name)
		}
	}
}

func TestAPatternCoversItsSubtreeOnlyWithDots(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"syscall", "syscall", true},
		{"syscall", "syscall/js", false},
		{"syscall/...", "syscall", true},
		{"syscall/...", "syscall/js", true},
		{"syscall/...", "syscalls", false},
		{"internal/...", "engine/internal/commit", false},
	}
	for _, test := range tests {
		if got := covers(test.pattern, test.name); got != test.want {
			t.Errorf("covers(%q, %q) = %t", test.pattern, test.name, got)
		}
	}
}
