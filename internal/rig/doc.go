// Package rig is what tests need of the system to build what a store has to survive: limits of a process, file systems
// of its own, disks that run out of space late, processes that see no others.
//
// It knows the raw calls for that, all of them Linux's; on other systems it is empty. It never knows what a store is,
// and nothing but tests imports it.
package rig
