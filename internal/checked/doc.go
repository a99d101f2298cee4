// Package checked reads bytes in place that may be damaged: they lie in blocks, each with a CRC32C that is verified
// when the block is first read.
//
// It knows blocks, their checksums, and which were verified or brought in from the disk. It never knows what the bytes
// mean or how they are mapped; who reads mapped bytes keeps them mapped and turns faults into errors.
package checked
