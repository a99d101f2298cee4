// This file holds the format of a state's file. docs/format/cache.md draws it.
//
//	0    8    magic "BATPAKST"
//	8    u32  format version, 1
//	12   u32  version of the fold
//	16   16   origin of the store
//	32   16   identity of the copy of it that wrote the file
//	48   u64  sequence up to which the state goes
//	56   u64  sequence of the newest event in it
//	64   u32  bytes of the fold's name
//	68   u32  bytes of the state's type
//	72   u32  bytes of the region
//	76   u32  zero
//	80   u64  bytes of the state
//	88        name, type, region, state
//	     32   BLAKE3 of all before it
//
// All integers are little-endian.

package cache

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zeebo/blake3"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
)

const (
	fileMagic   = "BATPAKST"
	fileVersion = 1
	headerSize  = 88
	sumSize     = 32

	fileSuffix      = ".cache"
	temporarySuffix = ".cache.tmp"
)

// disbelief is why a file's state is not one of this store's.
type disbelief struct{ reason string }

func (e *disbelief) Error() string { return e.reason }

func disbelieved(format string, arguments ...any) error {
	return &disbelief{fmt.Sprintf(format, arguments...)}
}

// fileName returns the name of a key's file.
func fileName(key *Key) string {
	d := key.digest()
	return hex.EncodeToString(d[:]) + fileSuffix
}

// isFileName reports whether a name is one that fileName returns.
func isFileName(name string) bool {
	digest, ok := strings.CutSuffix(name, fileSuffix)
	return ok && len(digest) == 32 && strings.Trim(digest, "0123456789abcdef") == ""
}

// isTemporaryName reports whether a name is that of a file that is being written.
func isTemporaryName(name string) bool {
	return strings.HasSuffix(name, temporarySuffix) && isFileName(strings.TrimSuffix(name, temporarySuffix)+fileSuffix)
}

// fileBytes returns the size of a state's file.
func fileBytes(key *Key, state *FileState) int64 {
	return headerSize + key.size() + int64(len(state.Encoded)) + sumSize
}

// encodeFile returns the file of a state.
func encodeFile(c *FilesConfig, key *Key, state *FileState) []byte {
	b := make([]byte, 0, fileBytes(key, state))
	b = append(b, fileMagic...)
	b = binary.LittleEndian.AppendUint32(b, fileVersion)
	b = binary.LittleEndian.AppendUint32(b, key.Version)
	b = append(b, c.Origin[:]...)
	b = append(b, c.Identity[:]...)
	b = binary.LittleEndian.AppendUint64(b, state.Sequence)
	b = binary.LittleEndian.AppendUint64(b, state.Last)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(key.Projection)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(key.Type)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(key.Region)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(state.Encoded)))
	b = append(b, key.Projection...)
	b = append(b, key.Type...)
	b = append(b, key.Region...)
	b = append(b, state.Encoded...)
	sum := blake3.Sum256(b)
	return append(b, sum[:]...)
}

// checkHeader checks the first headerSize bytes of a file against its size, before anything is allocated for it.
func checkHeader(b []byte, size int64) error {
	if string(b[:8]) != fileMagic {
		return disbelieved("it does not begin as a state's file")
	}
	if version := binary.LittleEndian.Uint32(b[8:]); version != fileVersion {
		return disbelieved("format version %d, want %d", version, fileVersion)
	}
	if zero := binary.LittleEndian.Uint32(b[76:]); zero != 0 {
		return disbelieved("%d in place of zero at offset 76", zero)
	}
	strings := uint64(binary.LittleEndian.Uint32(b[64:])) + uint64(binary.LittleEndian.Uint32(b[68:])) + uint64(binary.LittleEndian.Uint32(b[72:]))
	state := binary.LittleEndian.Uint64(b[80:])
	if state > uint64(size) || headerSize+strings+state+sumSize != uint64(size) {
		return disbelieved("%d bytes, of which the header says something else", size)
	}
	return nil
}

// decodeFile returns the state of a whole file, which is that of a key and of this store, or a *disbelief. The state is a
// part of b.
func decodeFile(c *FilesConfig, key *Key, b []byte) (FileState, error) {
	if len(b) < headerSize+sumSize {
		return FileState{}, disbelieved("%d bytes", len(b))
	}
	if err := checkHeader(b, int64(len(b))); err != nil {
		return FileState{}, err
	}
	body := b[:len(b)-sumSize]
	sum := blake3.Sum256(body)
	if hooks.Enabled && hooks.Planted(hooks.StateFileUnchecked) {
		copy(b[len(body):], sum[:])
	}
	if !bytes.Equal(sum[:], b[len(body):]) {
		return FileState{}, disbelieved("the checksum of %d bytes differs", len(body))
	}
	if !bytes.Equal(b[16:32], c.Origin[:]) {
		return FileState{}, disbelieved("it is of the store with origin %x, want %x", b[16:32], c.Origin)
	}
	rest := body[headerSize:]
	next := func(offset int) []byte {
		length := binary.LittleEndian.Uint32(b[offset:])
		field := rest[:length]
		rest = rest[length:]
		return field
	}
	name, kind, region := next(64), next(68), next(72)
	if string(name) != key.Projection || string(kind) != key.Type || string(region) != key.Region ||
		binary.LittleEndian.Uint32(b[12:]) != key.Version {
		return FileState{}, disbelieved("it is of another fold, version, type or region")
	}
	state := FileState{Sequence: binary.LittleEndian.Uint64(b[48:]), Last: binary.LittleEndian.Uint64(b[56:]), Encoded: rest[:len(rest):len(rest)]}
	if state.Last > state.Sequence {
		return FileState{}, disbelieved("an event of sequence %d in a state up to %d", state.Last, state.Sequence)
	}
	if !c.Holds([16]byte(b[32:48]), state.Sequence) {
		return FileState{}, disbelieved("identity %x does not hold up to sequence %d here", b[32:48], state.Sequence)
	}
	return state, nil
}

// readFile returns the state of a key's file and the file's size. The error is a *disbelief, or what the directory says.
func readFile(c *FilesConfig, key *Key, name string) (state FileState, size int64, err error) {
	file, err := c.Dir.Open(name, false)
	if err != nil {
		return FileState{}, 0, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if size, err = file.Size(); err != nil {
		return FileState{}, 0, err
	}
	switch {
	case size < headerSize+sumSize:
		return FileState{}, size, disbelieved("%d bytes", size)
	case size > c.Limit:
		return FileState{}, size, disbelieved("%d bytes, all files together may have %d", size, c.Limit)
	}
	var header [headerSize]byte
	if err := readWhole(file, header[:], size); err != nil {
		return FileState{}, size, err
	}
	if err := checkHeader(header[:], size); err != nil {
		return FileState{}, size, err
	}
	b := make([]byte, size)
	if err := readWhole(file, b, size); err != nil {
		return FileState{}, size, err
	}
	state, err = decodeFile(c, key, b)
	return state, size, err
}

// readWhole reads the beginning of a file of a size.
func readWhole(file vfs.File, b []byte, size int64) error {
	_, err := file.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		return disbelieved("it ends before its %d bytes", size)
	}
	return err
}
