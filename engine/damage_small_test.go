// Bit flips, cuts, zeroed tails and holes over the whole tail of small stores: closed
// ones and crashed ones, under both policies.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/mmapseg"
)

// onSpecimens runs a test on each of the small stores.
func onSpecimens(t *testing.T, test func(t *testing.T, p *specimen)) {
	t.Parallel()
	for _, closed := range []bool{true, false} {
		for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncManual()} {
			t.Run(fmt.Sprintf("closed=%v/policy=%s", closed, policy), func(t *testing.T) {
				t.Parallel()
				test(t, newSpecimen(t, policy, closed))
			})
		}
	}
}

// beyond is how many bytes behind the last frame are damaged too.
const beyond = 64

func TestEveryFlippedBitOfATailIsCutOffOrReported(t *testing.T) {
	onSpecimens(t, func(t *testing.T, p *specimen) {
		original := p.files[p.name]
		end := min(p.end+beyond, int64(len(original)))
		step := 1
		if raceBuild {
			step = 29
		}
		for bit := mmapseg.HeaderSize * 8; bit < int(end)*8; bit += step {
			changed := bytes.Clone(original)
			changed[bit/8] ^= 1 << (bit % 8)
			p.mustJudge(t, fmt.Sprintf("bit %d of byte %d", bit%8, bit/8), changed, bit%(11*step) == 0)
		}
	})
}

func TestATailThatIsCutAnywhereKeepsWhatIsWhole(t *testing.T) {
	onSpecimens(t, func(t *testing.T, p *specimen) {
		for at := int64(mmapseg.HeaderSize); at <= p.end; at += 8 {
			changed := bytes.Clone(p.files[p.name][:at])
			p.mustJudge(t, fmt.Sprintf("cut to %d bytes", at), changed, at%3 == 0)
		}
	})
}

func TestATailThatIsZeroFromAnywhereOnKeepsWhatIsWhole(t *testing.T) {
	onSpecimens(t, func(t *testing.T, p *specimen) {
		for at := int64(mmapseg.HeaderSize); at <= p.end; at += 8 {
			changed := bytes.Clone(p.files[p.name])
			clear(changed[at:])
			p.mustJudge(t, fmt.Sprintf("zeros from %d", at), changed, at%3 == 0)
		}
	})
}

func TestAHoleInATailIsCutOffOrReported(t *testing.T) {
	onSpecimens(t, func(t *testing.T, p *specimen) {
		for _, size := range []int64{8, 64, 512} {
			for at := int64(mmapseg.HeaderSize); at < p.end; at += 8 {
				changed := bytes.Clone(p.files[p.name])
				clear(changed[at:min(at+size, int64(len(changed)))])
				p.mustJudge(t, fmt.Sprintf("%d zeros from %d", size, at), changed, at%11 == 0)
			}
		}
	})
}

func TestADamagedSegmentHeaderIsMendedByItsCopyOrRefused(t *testing.T) {
	const record, second = 512, 2048 // bytes of one copy, offset of the other
	onSpecimens(t, func(t *testing.T, p *specimen) {
		step := 5
		if raceBuild {
			step = 61
		}
		for bit := 0; bit < record*8; bit += step {
			files := p.files.clone()
			files[p.name][bit/8] ^= 1 << (bit % 8)
			s, err := engine.OpenDir(files.memory(t), p.options)
			if err != nil {
				t.Fatalf("bit %d of byte %d in one copy: %v", bit%8, bit/8, err)
			}
			if got := s.Stats().Events; got != uint64(len(p.events)) {
				t.Fatalf("bit %d of byte %d in one copy: %d events", bit%8, bit/8, got)
			}
			mustClose(t, s)
			files[p.name][second+bit/8] ^= 1 << (bit % 8)
			s, err = engine.OpenDir(files.memory(t), p.options)
			if err == nil {
				t.Fatalf("bit %d of byte %d in both copies: opened, %d events", bit%8, bit/8, s.Stats().Events)
			}
			if !errors.Is(err, engine.ErrCorrupt) && !errors.Is(err, engine.ErrVersion) {
				t.Fatalf("bit %d of byte %d in both copies: %v", bit%8, bit/8, err)
			}
		}
	})
}
