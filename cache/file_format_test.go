// This file holds the tests of the format: its golden file, and hostile bytes.

package cache

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"runtime"
	"testing"

	"github.com/zeebo/blake3"
)

var update = flag.Bool("update", false, "write the golden file")

const golden = "testdata/state-v1.golden"

// sealFile gives a file the checksum of what is before it.
func sealFile(b []byte) []byte {
	sum := blake3.Sum256(b[:len(b)-sumSize])
	return append(b[:len(b)-sumSize], sum[:]...)
}

// goldenFile is the state of the golden file.
func goldenFile() (*FilesConfig, *Key, FileState) {
	c := &FilesConfig{
		Origin: [16]byte([]byte("origin of it all")), Identity: [16]byte([]byte("identity of copy")),
		Holds: func(_ [16]byte, sequence uint64) bool { return sequence <= 0x1122334455667788 },
	}
	key := &Key{Projection: "balance", Version: 0x01020304, Type: "bank.Balance 5f21", Region: "entity=account:1"}
	return c, key, FileState{Sequence: 0x1122334455667788, Last: 0x1122334455667700, Encoded: []byte("\x81\xa6amount\x2a")}
}

func TestTheFormatIsTheOneOfTheGoldenFile(t *testing.T) {
	c, key, state := goldenFile()
	got := encodeFile(c, key, &state)
	if *update {
		if err := os.WriteFile(golden, []byte(hex.Dump(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if hex.Dump(got) != string(want) {
		t.Errorf("got\n%swant\n%s", hex.Dump(got), want)
	}
	if int64(len(got)) != fileBytes(key, &state) {
		t.Errorf("%d bytes, foretold %d", len(got), fileBytes(key, &state))
	}
	if name := fileName(key); name != "145c928dcd76732aaf03c2e70dd7c079.cache" {
		t.Errorf("its name is %s", name)
	}
}

// FuzzDecodeFile decodes any bytes, as they are and with a checksum that is right: nothing panics, nothing is allocated by what a
// length says, and what is believed encodes to the same bytes.
func FuzzDecodeFile(f *testing.F) {
	c, key, state := goldenFile()
	whole := encodeFile(c, key, &state)
	f.Add(whole)
	f.Add(whole[:headerSize])
	f.Add(make([]byte, headerSize+sumSize))
	for _, offset := range []int{8, 12, 48, 56, 64, 68, 72, 76, 80} {
		b := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(b[offset:], 0xffffffff)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for range 2 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := decodeFile(c, key, b)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<10 {
				t.Fatalf("%d bytes were allocated for %d", allocated, len(b))
			}
			var reason *disbelief
			switch {
			case err != nil && !errors.As(err, &reason):
				t.Fatalf("error %v", err)
			case err == nil:
				identity := *c
				identity.Identity = [16]byte(b[32:48])
				if again := encodeFile(&identity, key, &got); !bytes.Equal(again, b) {
					t.Fatalf("%x was read from %x", again, b)
				}
			}
			if len(b) < headerSize+sumSize {
				return
			}
			b = sealFile(bytes.Clone(b))
		}
	})
}
