// Package simdisk is a simulated disk with one directory, for crash tests: it knows what of everything written may be
// on the disk at any moment, and makes the disk that a power cut leaves.
//
// It knows, for every file, what processes see (the page cache), which pages of 4 KiB are dirty, and for every sector of
// 512 bytes the versions that may have reached the disk: the one that was synced last and every later one, including those
// in the middle of a copy. File sizes and directory entries have such lists too. A sync writes dirty pages only; a failed
// one leaves them clean, with the new content in the page cache and any version on the disk. Processes are mounts: they
// can be killed while the page cache stays. Everything that changes can be recorded and applied again to a copy.
//
// It is pessimistic where file systems differ: sectors, sizes and names reach the disk in any order and
// independently of each other, across a rename too; storing what is there already dirties nothing; fdatasync does not
// make a shorter size durable. A sync that succeeds is believed.
//
// It never knows what a store is: no format, no segment, no event.
package simdisk
