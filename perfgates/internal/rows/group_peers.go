// The peers of P5: other people's stores, in processes of their own.

package rows

import (
	"context"
	"path/filepath"
	"time"

	"github.com/batpak/batpak/perfgates/internal/peer"
)

// groupPeers starts every peer, none where the row does without. Those that can't be built or started are
// missing, said loudly; the only error is ctx's.
func groupPeers(ctx context.Context, env *Env, directory string) (sides []*groupSide, err error) {
	if env.Peers == nil {
		return nil, nil
	}
	for _, name := range peer.Names() {
		sides = append(sides, &groupSide{name: name, peer: true, close: func() error { return nil }})
	}
	env.progress("building the peers, which takes minutes the first time")
	program, err := env.Peers(ctx)
	if ctx.Err() != nil {
		return sides, ctx.Err()
	}
	if err != nil {
		env.warn("P5 goes without peers: %v", err)
		for _, side := range sides {
			side.missing = err
		}
		return sides, nil
	}
	for _, side := range sides {
		env.progress("opening %s", side.name)
		if side.missing = side.start(ctx, program, filepath.Join(directory, side.name)); side.missing != nil {
			env.warn("P5 goes without %s: %v", side.name, side.missing)
		}
	}
	return sides, ctx.Err()
}

// start opens the peer's store in a process that is there until close.
func (s *groupSide) start(ctx context.Context, program *peer.Program, directory string) error {
	p, err := program.Start(ctx, s.name, directory, payloadBytes)
	if err != nil {
		return err
	}
	s.description, s.close = p.Description, p.Close
	s.settle = func(context.Context) error { return p.Settle() }
	s.turn = func(_ context.Context, callers int, during time.Duration) (crowdRound, error) {
		round, err := p.Run(callers, during)
		if err != nil {
			return crowdRound{}, err
		}
		return crowdRound{
			done: round.Appends, first: int64(callers), took: round.Took, p50: float64(round.P50), p99: float64(round.P99),
		}, nil
	}
	return nil
}
