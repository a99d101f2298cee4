// The points have names of their own.

package hooks_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/batpak/batpak/hooks"
)

func TestEveryPointHasItsOwnName(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`)
	seen := map[string]hooks.Point{}
	for _, p := range hooks.Points() {
		name := p.String()
		if !shape.MatchString(name) {
			t.Errorf("point %d is called %q, which is not words joined by hyphens", uint8(p), name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("points %d and %d are both called %q", uint8(other), uint8(p), name)
		}
		seen[name] = p
	}
}

func TestWhatIsNoPointSaysSo(t *testing.T) {
	points := hooks.Points()
	for _, p := range []hooks.Point{0, points[len(points)-1] + 1, 255} {
		if !strings.HasPrefix(p.String(), "hooks.Point(") || p.CanFail() {
			t.Errorf("%d is called %q, and can fail: %v", uint8(p), p, p.CanFail())
		}
	}
}

func TestEveryCallOnAFileCanFail(t *testing.T) {
	for p := hooks.FileCreate; p <= hooks.DirectoryClose; p++ {
		if !p.CanFail() {
			t.Errorf("%v can't fail", p)
		}
	}
}
