// How fast the machine is at the moment, around each row.

package perfgates

import (
	"time"

	"github.com/batpak/batpak/perfgates/internal/floor"
)

// A calibration takes a dozen milliseconds: little beside a row, and many times what a scheduler's turn takes.
const (
	calibrationRounds   = 9
	calibrationPerRound = time.Millisecond
	calibrationBytes    = 1 << 20 // of memory that the frames go to, one behind the other
)

// calibration is floor(256) in memory that belongs to no file: what results of another run are relative to where they have no
// reference of their own.
type calibration struct{ piece floor.Piece }

func newCalibration() *calibration {
	memory := floor.NewAnonymous(calibrationBytes)
	return &calibration{floor.Whole(floor.NewAppend(memory, oneCoordinate(), make([]byte, 256), true))}
}

// time returns the nanoseconds that one frame took in each round.
func (c *calibration) time() []float64 {
	return floor.Time(calibrationRounds, calibrationPerRound, c.piece.Loop)
}
