// Package ending tells a program that it is to end.
//
// It knows which signals ask for that on this system. It never knows what the program has to put in order before.
package ending
