// Package pin keeps a resource that may go away from going while it is used.
//
// It knows how many users hold the resource and whether it is being closed. It never
// knows what the resource is: releasing it is a function that it is given.
package pin
