// This file holds drafts, what the caller determines about one event, and their limits.

package event

import (
	"strconv"
	"unicode/utf8"

	"github.com/batpak/batpak/internal/payload"
)

// Limits of what a caller gives, in bytes where nothing else is said. [MaxName] limits entities and
// scopes, [MaxGateRecord] gate records.
const (
	MaxTags           = 16              // tags of one event, in number
	MaxTag            = 128             // one tag, at least 1
	MaxMetadata       = 4096            // metadata
	MaxKey            = 255             // an idempotency key
	MaxPayload        = payload.MaxSize // payload as stored, whatever a store allows: 64 MiB
	DefaultMaxPayload = 16 << 20        // payload as stored, unless a store allows another size
)

// Draft is everything that the caller determines about one event, with the payload as it will be
// stored. It borrows the memory of its slices; nothing here keeps or changes them.
type Draft struct {
	Coordinate Coordinate // where the event belongs; required
	Kind       Kind       // what it records; required, not a reserved one
	Flags      Flags      // stored as they are
	Codec      Codec      // how Payload is encoded
	Version    uint32     // schema version of the payload; 0: none
	Lane       uint32     // the caller's branch number

	Tags     []string // up to [MaxTags], each 1 to [MaxTag] bytes of valid UTF-8, order is kept
	Metadata []byte   // up to [MaxMetadata] bytes
	Key      string   // idempotency key, up to [MaxKey] bytes of any value; empty: none

	Correlation ID // id of the conversation; zero: the event's own id
	Cause       ID // id of the event that caused this one; zero: none

	// CauseInBatch names the cause by its place in the same batch, counted from 1; zero: none. The
	// store sets Cause to the id of that item, which is why it excludes a Cause of the caller.
	CauseInBatch uint16

	Payload []byte // as stored, see Codec
}

// Validate checks the draft against the limits of this package and against maxPayload, the largest
// payload in bytes that the store allows; above [MaxPayload] it counts as MaxPayload, at 0 or below
// as [DefaultMaxPayload]. It returns a [FieldError] for the first field that is refused; one for a
// reserved kind is also [ErrReservedKind].
//
// It does not check that the payload is what Codec says, and not that CauseInBatch names an earlier
// item of the batch: only the batch knows. A valid draft is checked without allocating.
func (d *Draft) Validate(maxPayload int) error {
	if d.Coordinate.entity == "" || d.Coordinate.scope == "" {
		return &FieldError{Field: "coordinate", Problem: "not set, make one with At"}
	}
	if d.Kind.Reserved() {
		return d.Kind.reservedError()
	}
	if !d.Codec.Valid() {
		return &FieldError{Field: "codec", Problem: strconv.Itoa(int(d.Codec)) + ", at most " + strconv.Itoa(int(CodecMessagePack))}
	}
	if len(d.Tags) != 0 {
		if err := ValidateTags(d.Tags); err != nil {
			return err
		}
	}
	if len(d.Metadata) > MaxMetadata {
		return tooLong("metadata", len(d.Metadata), MaxMetadata)
	}
	if len(d.Key) > MaxKey {
		return tooLong("key", len(d.Key), MaxKey)
	}
	if d.CauseInBatch != 0 && !d.Cause.IsZero() {
		return &FieldError{Field: "cause", Problem: "given both as an id and as a place in the batch"}
	}
	return validatePayload(len(d.Payload), maxPayload)
}

func validatePayload(length, limit int) error {
	switch {
	case limit <= 0:
		limit = DefaultMaxPayload
	case limit > MaxPayload:
		limit = MaxPayload
	}
	if length > limit {
		return tooLong("payload", length, limit)
	}
	return nil
}

// ValidateTags checks the number of tags and each of them as [Draft.Validate] does. The same tag
// may stand there twice.
func ValidateTags(tags []string) error {
	if len(tags) > MaxTags {
		return &FieldError{Field: "tags", Problem: strconv.Itoa(len(tags)) + " tags, at most " + strconv.Itoa(MaxTags)}
	}
	for i, tag := range tags {
		if tag == "" || len(tag) > MaxTag || !utf8.ValidString(tag) {
			return badText("tags["+strconv.Itoa(i)+"]", tag, MaxTag)
		}
	}
	return nil
}

// badText says what is wrong with a text that must be 1 to limit bytes of valid UTF-8 and is not.
func badText(field, text string, limit int) error {
	switch {
	case text == "":
		return &FieldError{Field: field, Problem: "empty, want 1 to " + strconv.Itoa(limit) + " bytes"}
	case len(text) > limit:
		return tooLong(field, len(text), limit)
	}
	return &FieldError{Field: field, Problem: "not valid UTF-8"}
}
