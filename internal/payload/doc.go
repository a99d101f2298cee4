// Package payload turns application values into the bytes that an event carries, and back.
//
// It knows the codecs (raw bytes, JSON, MessagePack), their bounds on depth and memory, and which
// Go values have a deterministic encoding. It never knows events, coordinates, stores or files.
//
// # From Go to MessagePack
//
// Equal values have equal encodings, so that the digest of an event says whether two requests are
// the same. (Floats are taken by their bits: 0 and -0 differ.)
//
//	Go                                        MessagePack
//	nil, and nil pointers, maps and slices    nil
//	bool                                      bool
//	integers                                  integer, shortest form
//	float32, float64                          float 32, float 64
//	string                                    string, bytes as they are
//	[]byte, [n]byte                           bytes
//	other slices and arrays                   array
//	map                                       map, keys sorted, see below
//	struct                                    map, field names sorted
//	time.Time                                 timestamp to the nanosecond, without location
//	Extension                                 extension
//	pointer, interface                        what it refers to
//
// Channels, functions, complex numbers, structs that have unexported fields only, values that
// contain themselves, and values nested deeper than [MaxDepth] have no encoding.
//
// Struct fields are named by the tag "msgpack", else "codec", else "json", else by the field. The
// options "omitempty" and "omitzero" mean what they mean to encoding/json, a name of "-" leaves the
// field out, and other options are ignored. Embedded structs, conflicts and unexported fields follow
// encoding/json too.
//
// Keys of maps encode as strings, bytes, integers or bools; keys that are no strings come first, in
// the order of their encodings, then strings in the order of their bytes. Two keys that encode alike,
// which keys of interface types can, are an error.
//
// # Types with methods of their own
//
// The first of these that a type or a pointer to it has is used wherever a value of the type stands;
// where a method is there for one direction only, the other one follows the kind of the type.
//
//	MarshalMsg / UnmarshalMsg             as tinylib/msgp generates them; any MessagePack value
//	MarshalMsgpack / UnmarshalMsgpack     any MessagePack value
//	AppendBinary, MarshalBinary / UnmarshalBinary    bytes
//	AppendText, MarshalText / UnmarshalText          string
//
// A panic in such a method becomes an error. Whether its output depends on the value alone is up to
// the method. As with encoding/json, a struct that embeds a type with such a method has it too, and
// is then encoded as the embedded value alone; time.Time is the usual case. Methods that decode are
// given the event's own bytes: they must copy what they keep and write nothing there.
//
// # From MessagePack to Go
//
// All bytes are checked before anything is allocated: lengths against what remains, depth against
// [MaxDepth], the end of the value against the end of the bytes. Malformed input therefore costs
// time linear in its length and no memory; a decoded value takes its own memory and little else,
// at most 64 MiB or, if that is more, 192 bytes per byte of its encoding.
//
// A nil makes anything zero. Integers fit only integer types with room for them. Any number fits a
// float, rounded. Strings and bytes fit each other. Arrays of fixed length take arrays of their
// length only. Slices and maps are replaced, pointers are followed if they are set. Fields that the
// payload does not name stay as they were, names without a field are passed over.
package payload
