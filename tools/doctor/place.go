// The place of the store: its file system, the room in it, the device's cache.

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batpak/batpak/internal/volume"
	"github.com/batpak/batpak/perfgates"
)

// Kinds of file systems that have a price. Those that write to new places can't promise the room that was reserved.
var (
	volatileKinds = []string{"tmpfs", "ramfs"}
	movingKinds   = []string{"btrfs", "zfs", "bcachefs"}
	networkKinds  = []string{"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "lustre", "glusterfs", "gfs2", "ocfs2"}
	careless      = []string{"nobarrier", "barrier=0", "nointegrity", "eatmydata"} // mount options that make syncs a promise only
)

// smallRoom is less than what a store grows into within minutes, in bytes.
const smallRoom = 1 << 30

func (p patient) place() []finding {
	return []finding{p.fileSystem(), p.room(), writeCache(perfgates.Describe(p.directory))}
}

// mount is a line of the kernel's table.
type mount struct {
	point, kind, source string
	options             []string
}

func (p patient) fileSystem() finding {
	m, found := p.mounted()
	if !found {
		return finding{"file system", unknown, "this system does not tell what holds " + p.directory, ""}
	}
	f := finding{"file system", fine, fmt.Sprintf("%s on %s, mounted at %s", m.kind, m.source, m.point), ""}
	switch {
	case slices.Contains(volatileKinds, m.kind):
		f.Level, f.Advice = warning, "choose a disk: here everything is gone when the machine stops, and syncs cost and prove nothing"
	case slices.Contains(networkKinds, m.kind) || strings.HasPrefix(m.kind, "fuse"):
		f.Level, f.Advice = warning, "choose a local file system (ext4, xfs): locks, reserving room and what a sync promises depend on the other side, and a mapped page whose server is gone holds the process up"
	case m.kind == "overlay" || m.kind == "overlayfs":
		f.Level, f.Advice = warning, "choose a volume: this is a container's layer, which is removed with it, and the disk below may be shared"
	case slices.Contains(movingKinds, m.kind):
		f.Level, f.Advice = warning, "choose ext4 or xfs: this one writes to new places, so that a full disk fails syncs in spite of reserved room, and small syncs cost more"
	}
	for _, option := range m.options {
		if slices.Contains(careless, option) {
			f.Level, f.Advice = warning, fmt.Sprintf("mount without %s: with it a power cut takes what syncs had promised", option)
		}
	}
	return f
}

// mounted returns the mount that holds the directory: the deepest above it, the last of several at the same point.
func (p patient) mounted() (best mount, found bool) {
	table, _ := p.read("/proc/self/mountinfo") // "": not told
	for line := range strings.Lines(table) {
		before, after, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 6 || len(right) < 2 {
			continue
		}
		// The kernel writes blanks and backslashes in octal.
		m := mount{point: unescape.Replace(left[4]), kind: right[0], source: unescape.Replace(right[1]), options: strings.Split(left[5], ",")}
		if len(right) > 2 {
			m.options = append(m.options, strings.Split(right[2], ",")...)
		}
		within := m.point == "/" || p.directory == m.point || strings.HasPrefix(p.directory, m.point+"/")
		if within && len(m.point) >= len(best.point) {
			best, found = m, true
		}
	}
	return best, found
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func (p patient) room() finding {
	room, err := volume.RoomOf(p.directory)
	if err != nil {
		return finding{"room", unknown, err.Error(), ""}
	}
	return roomFinding(room)
}

func roomFinding(room volume.Room) finding {
	f := finding{"room", fine, fmt.Sprintf("%s free of %s", bytesText(room.Free), bytesText(room.Total)), ""}
	if room.Free < smallRoom {
		f.Level, f.Advice = warning, "make room: a segment is reserved as a whole before anything is stored in it, 64 MiB as a rule, and a full disk refuses appends (ErrNoSpace)"
	}
	return f
}

func writeCache(m perfgates.Machine) finding {
	if m.WriteCache == "" {
		return finding{"write cache", unknown, "this system does not tell whether the device has one", ""}
	}
	found := m.WriteCache
	if m.Device != "" {
		found += ", says the kernel of " + m.Device
	}
	return finding{"write cache", fine, found, ""}
}
