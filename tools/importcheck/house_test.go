// The check on this module itself, so that `go test ./...` runs it.

package main

import "testing"

func TestTheHouseKeepsItsFloors(t *testing.T) {
	found, err := load(".", "linux", "darwin")
	if err != nil {
		t.Errorf("could not look everywhere: %v", err)
	}
	for _, violation := range inspect(standingPlan(), found) {
		t.Error(violation)
	}
}
