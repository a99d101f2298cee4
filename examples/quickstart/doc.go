// Quickstart is the README's program: it stores one event and reads all events back.
//
// It knows the store batpak-data under the working directory, which it creates on the first run and
// continues on every later one. Its error handling is meant to be copied: no error is dropped, that
// of Close included.
//
// It never knows more than a first minute needs: no options, no queries, no second goroutine.
package main
