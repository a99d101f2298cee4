//go:build !race

package mmapseg

// Mapped bytes that can't be had. With the race detector mappings are heap memory, which does not fault.

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/internal/fault"
)

func TestAFileCutUnderReadersIsAnErrorAndNotTheEndOfTheProcess(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		for _, check := range []bool{false, true} {
			m := newModel(diskDir(t))
			p := m.segment(t, 1<<20, 0)
			p.events(600, 1000)
			m.filled(p)
			if sealed {
				p.seal()
			}
			started, backward := m.set.Reader(1, 600, check), m.set.Backward(1, 600, check)
			if _, _, ok, err := started.Next(); !ok || err != nil {
				t.Fatal(ok, err)
			}
			must(t, p.s.file.Truncate(2*HeaderSize))
			for name, r := range map[string]frames{"started": started, "backward": backward, "new": m.set.Reader(300, 600, check)} {
				for steps := 0; ; steps++ {
					_, _, ok, err := r.Next()
					if ok && steps < 20 {
						continue
					}
					if !errors.Is(err, fault.ErrMapFault) || ok {
						t.Errorf("%s, sealed %v: %v %v", name, sealed, ok, err)
					}
					if _, _, ok, err := r.Next(); ok || err != nil {
						t.Errorf("%s, sealed %v: went on: %v %v", name, sealed, ok, err)
					}
					break
				}
				r.Close()
			}
			for sequence := uint64(100); sequence < 600; sequence++ {
				if _, _, _, err := m.set.Find(sequence, nil, check); !errors.Is(err, fault.ErrMapFault) {
					t.Fatalf("find %d, sealed %v: %v", sequence, sealed, err)
				}
			}
			g := new(Group)
			if taken, err := p.s.Gather(g, []uint32{500, 3}, check); taken != 0 || g.count != 0 || !errors.Is(err, fault.ErrMapFault) {
				t.Errorf("gather, sealed %v: %d taken, %v", sealed, taken, err)
			}
			if _, _, err := p.s.TreeNodes(nil); sealed && !errors.Is(err, fault.ErrMapFault) {
				t.Errorf("the footer: %v", err)
			}
			must(t, m.set.Close())
		}
	}
}
