// This file holds the examples of the two tiers.

package cache_test

import (
	"fmt"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/internal/vfs"
)

func ExampleNewMemory() {
	m, err := cache.NewMemory(64 << 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	key := cache.Key{Projection: "balance", Version: 1, Type: "bank.Balance", Region: "entity=account:1"}
	m.Put(&key, cache.Entry{Sequence: 12, Last: 9, Value: 250, Bytes: 8})
	m.Put(&key, cache.Entry{Sequence: 10, Last: 9, Value: 200, Bytes: 8}) // it comes too late

	entry, ok := m.Get(&key)
	fmt.Println(entry.Value, "up to", entry.Sequence, ok)
	fmt.Println(m.Stats().Older, "came too late")
	// Output:
	// 250 up to 12 true
	// 1 came too late
}

func ExampleOpenFiles() {
	config := cache.FilesConfig{
		Dir: vfs.NewMemory(), Limit: 1 << 20,
		Holds: func(_ [16]byte, sequence uint64) bool { return sequence <= 20 }, // the log ends there
	}
	files, err := cache.OpenFiles(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	first := cache.Key{Projection: "balance", Version: 1, Region: "entity=account:1"}
	second := cache.Key{Projection: "balance", Version: 1, Region: "entity=account:2"}
	files.Put(&first, cache.FileState{Sequence: 12, Last: 9, Encoded: []byte("250")})
	files.Put(&second, cache.FileState{Sequence: 21, Last: 21, Encoded: []byte("70")})
	if err := files.Close(); err != nil {
		fmt.Println(err)
	}

	again, err := cache.OpenFiles(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer again.Close()
	for _, key := range []cache.Key{first, second} {
		state, ok := again.Get(&key)
		fmt.Printf("%s: %q %v\n", key.Region, state.Encoded, ok)
	}
	fmt.Println(again.Stats().Discarded, "was ahead of the log")
	// Output:
	// entity=account:1: "250" true
	// entity=account:2: "" false
	// 1 was ahead of the log
}
