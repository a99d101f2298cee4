// This file holds decoding JSON, which is left to encoding/json except for errors and numbers.

package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// decodeJSON decodes one JSON text. encoding/json refuses what follows it and bounds its depth at
// 10,000.
func decodeJSON(b []byte, into any) (failed error) {
	defer func() {
		if cause := recover(); cause != nil {
			failed = &DecodeError{Codec: JSON, Problem: "an unmarshaler failed", Err: panicError(cause)}
		}
	}()
	if err := json.Unmarshal(b, into); err != nil {
		return jsonError(err)
	}
	return nil
}

// jsonError says what was wrong without the values that errors of encoding/json quote.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &DecodeError{Codec: JSON, Problem: "malformed at offset " + strconv.FormatInt(syntax.Offset, 10)}
	case errors.As(err, &mismatch):
		value, _, _ := strings.Cut(mismatch.Value, " ")
		e := &DecodeError{Codec: JSON, Problem: "the payload holds a JSON " + value + " here that does not fit"}
		if mismatch.Field != "" {
			e.Path = "." + mismatch.Field
		}
		if mismatch.Type != nil {
			e.Type = mismatch.Type.String()
		}
		return e
	case err == io.EOF || err == io.ErrUnexpectedEOF: // of a json.Decoder
		return &DecodeError{Codec: JSON, Problem: "cut short"}
	case strings.HasPrefix(err.Error(), "json: "):
		return &DecodeError{Codec: JSON, Problem: "a value does not fit the target"}
	}
	return &DecodeError{Codec: JSON, Problem: "an unmarshaler failed", Err: err}
}

// genericJSON decodes one JSON text into a generic value.
func genericJSON(b []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(b))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return nil, jsonError(err)
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, &DecodeError{Codec: JSON, Problem: "bytes after the value, at offset " + strconv.FormatInt(in.InputOffset(), 10)}
	}
	v, ok := withNumbers(v)
	if !ok {
		return nil, &DecodeError{Codec: JSON, Problem: "a number is out of the range of float64"}
	}
	return v, nil
}

// withNumbers replaces each number by an int64, if it is written as an integer and is one, else by a
// uint64, else by a float64.
func withNumbers(v any) (replaced any, ok bool) {
	ok = true
	switch v := v.(type) {
	case json.Number:
		return number(string(v))
	case []any:
		for i := range v {
			if v[i], ok = withNumbers(v[i]); !ok {
				return nil, false
			}
		}
	case map[string]any:
		for key := range v {
			if v[key], ok = withNumbers(v[key]); !ok {
				return nil, false
			}
		}
	}
	return v, true
}

func number(text string) (any, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
		return i, true
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u, true
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}
