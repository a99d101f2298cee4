// Tests of what a file system says of its room.

package volume

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestThereIsNoMoreFreeThanThereIs(t *testing.T) {
	room, err := RoomOf(t.TempDir())
	if err != nil || room.Free == 0 || room.Free > room.Total {
		t.Errorf("%+v, %v", room, err)
	}
}

func TestAPathThatDoesNotExistIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := RoomOf(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v", err)
	}
}
