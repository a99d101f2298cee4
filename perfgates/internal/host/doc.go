// Package host reads what the machine says about itself and about this process:
// file systems, block device counters, disk usage, threads, memory, what came from disks, hardware. And it asks for the
// page cache of files to be dropped.
//
// It knows /proc and /sys and says so when they have no answer. It never knows stores or rows.
package host
