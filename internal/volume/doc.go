// Package volume asks the system how much room there is where a directory is.
//
// It knows the system call and its units. It never knows what the room is for.
package volume
