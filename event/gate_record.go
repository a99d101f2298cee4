// This file holds gate records: what the gates said about an event, stored beside it.

package event

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/zeebo/blake3"
)

// GateOutcome says how an event got past the gates. The zero value is no outcome and is refused.
type GateOutcome uint8

// The outcomes. The numbers are stored and never change.
const (
	GatePassed   GateOutcome = 1 // every gate was asked and let the event pass
	GateBypassed GateOutcome = 2 // the gates were not asked, for the recorded reason
)

// String returns "passed", "bypassed", or "gate-outcome(n)".
func (o GateOutcome) String() string {
	switch o {
	case GatePassed:
		return "passed"
	case GateBypassed:
		return "bypassed"
	}
	return "gate-outcome(" + strconv.Itoa(int(o)) + ")"
}

// Limits of a gate record, in bytes where nothing else is said.
const (
	MaxGateRecord = 8192 // the whole record, encoded
	MaxGates      = 255  // gates, in number
	MaxGateName   = 255  // the name of one gate, at least 1
)

// GateRecord says which gates let an event pass, or why they were bypassed. It is stored with the
// event and covered by the event's hash.
type GateRecord struct {
	Outcome       GateOutcome // passed or bypassed
	Gates         []string    // names of the gates in the order they were asked, or would have been
	Reason        string      // a bypass: short reason, not empty; else empty
	Justification string      // a bypass: for the auditor, may be empty; else empty
}

// The encoding of a gate record, integers little-endian:
//
//	offset  size  content
//	0       1     version = 1
//	1       1     outcome, 1 or 2
//	2       1     number of gates
//	3             for each gate: length u8 (1..255), name
//	        2     length of the reason, then the reason
//	        2     length of the justification, then the justification
//
// Nothing follows. Each record has one encoding and each encoding one record.
const gateRecordVersion = 1

// AppendBinary appends the record's encoding to dst. It refuses an unknown outcome, too many gates,
// a name that is empty or too long, text that is not valid UTF-8, a bypass without a reason, a
// reason or justification on a passed record, and a record above [MaxGateRecord] bytes, each with a
// [FieldError]; dst is then returned as it was.
func (r *GateRecord) AppendBinary(dst []byte) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return dst, err
	}
	return r.append(dst), nil
}

func (r *GateRecord) append(dst []byte) []byte {
	dst = append(dst, gateRecordVersion, byte(r.Outcome), byte(len(r.Gates)))
	for _, name := range r.Gates {
		dst = append(dst, byte(len(name)))
		dst = append(dst, name...)
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(r.Reason)))
	dst = append(dst, r.Reason...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(r.Justification)))
	return append(dst, r.Justification...)
}

// Size returns the length of the encoding in bytes, without checking the record.
func (r *GateRecord) Size() int {
	size := 3 + 2 + len(r.Reason) + 2 + len(r.Justification)
	for _, name := range r.Gates {
		size += 1 + len(name)
	}
	return size
}

// Validate refuses what [GateRecord.AppendBinary] refuses, without encoding.
func (r *GateRecord) Validate() error {
	if r.Outcome != GatePassed && r.Outcome != GateBypassed {
		return &FieldError{Field: "gate.outcome", Problem: strconv.Itoa(int(r.Outcome)) + ", want passed (1) or bypassed (2)"}
	}
	if len(r.Gates) > MaxGates {
		return &FieldError{Field: "gate.gates", Problem: strconv.Itoa(len(r.Gates)) + " gates, at most " + strconv.Itoa(MaxGates)}
	}
	for i, name := range r.Gates {
		if name == "" || len(name) > MaxGateName || !utf8.ValidString(name) {
			return badText("gate.gates["+strconv.Itoa(i)+"]", name, MaxGateName)
		}
	}
	if err := r.validateBypass(); err != nil {
		return err
	}
	if size := r.Size(); size > MaxGateRecord {
		return tooLong("gate", size, MaxGateRecord)
	}
	return nil
}

func (r *GateRecord) validateBypass() error {
	switch {
	case r.Outcome == GateBypassed && r.Reason == "":
		return &FieldError{Field: "gate.reason", Problem: "empty, a bypass has to say why"}
	case r.Outcome == GatePassed && r.Reason != "":
		return &FieldError{Field: "gate.reason", Problem: "given, but only a bypass has one"}
	case r.Outcome == GatePassed && r.Justification != "":
		return &FieldError{Field: "gate.justification", Problem: "given, but only a bypass has one"}
	case !utf8.ValidString(r.Reason):
		return &FieldError{Field: "gate.reason", Problem: "not valid UTF-8"}
	case !utf8.ValidString(r.Justification):
		return &FieldError{Field: "gate.justification", Problem: "not valid UTF-8"}
	}
	return nil
}

// Digest returns the hash of the record's encoding under a domain tag of its own. It enters
// [Link.Gate]. The record must be valid.
func (r *GateRecord) Digest() Hash {
	var room [256]byte
	preimage := append(room[:0], gateDigestTag...)
	return blake3.Sum256(r.append(preimage))
}

// Clone returns a copy that shares no memory with r; nil for nil.
func (r *GateRecord) Clone() *GateRecord {
	if r == nil {
		return nil
	}
	clone := *r
	clone.Gates = append([]string(nil), r.Gates...)
	return &clone
}

// DecodeGateRecord reads what [GateRecord.AppendBinary] wrote; the record shares no memory with b.
// Anything else, even one byte more, is refused with a [FieldError]. Lengths are checked against what
// remains before anything is allocated for them.
func DecodeGateRecord(b []byte) (*GateRecord, error) {
	if len(b) > MaxGateRecord {
		return nil, tooLong("gate", len(b), MaxGateRecord)
	}
	if len(b) < 3 {
		return nil, &FieldError{Field: "gate", Problem: "cut short"}
	}
	if b[0] != gateRecordVersion {
		return nil, &FieldError{Field: "gate.version", Problem: strconv.Itoa(int(b[0])) + ", want " + strconv.Itoa(gateRecordVersion)}
	}
	record := &GateRecord{Outcome: GateOutcome(b[1])}
	rest := string(b[3:]) // one allocation that all strings of the record share
	ok := true
	record.Gates, rest, ok = cutGates(rest, int(b[2]))
	if ok {
		record.Reason, rest, ok = cutText(rest)
	}
	if ok {
		record.Justification, rest, ok = cutText(rest)
	}
	switch {
	case !ok:
		return nil, &FieldError{Field: "gate", Problem: "cut short"}
	case rest != "":
		return nil, &FieldError{Field: "gate", Problem: strconv.Itoa(len(rest)) + " bytes after its end"}
	}
	if err := record.Validate(); err != nil {
		return nil, err
	}
	return record, nil
}

// cutGates takes count names, each behind one byte of length, from the front of s. It allocates
// nothing before it knows that all names are there.
func cutGates(s string, count int) (names []string, rest string, ok bool) {
	if count == 0 {
		return nil, s, true
	}
	end := 0
	for range count {
		if end >= len(s) {
			return nil, s, false
		}
		end += 1 + int(s[end])
	}
	if end > len(s) {
		return nil, s, false
	}
	names = make([]string, count)
	for i := range names {
		length := int(s[0])
		names[i], s = s[1:1+length], s[1+length:]
	}
	return names, s, true
}

// cutText takes one text behind two bytes of length from the front of s.
func cutText(s string) (text, rest string, ok bool) {
	if len(s) < 2 {
		return "", s, false
	}
	length := int(s[0]) | int(s[1])<<8
	if len(s)-2 < length {
		return "", s, false
	}
	return s[2 : 2+length], s[2+length:], true
}
