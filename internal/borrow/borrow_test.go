// The string is the bytes.

package borrow

import "testing"

func TestTheStringSharesTheBytes(t *testing.T) {
	b := []byte("entity")
	s := String(b)
	if s != "entity" {
		t.Errorf("got %q", s)
	}
	b[0] = 'E'
	if s != "Entity" {
		t.Errorf("got %q, a copy", s)
	}
	if String(nil) != "" {
		t.Error("no bytes are not the empty string")
	}
}
