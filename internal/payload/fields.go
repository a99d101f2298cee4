// This file holds the fields of a struct: their names, options and order.

package payload

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// field is one field of a struct that takes part in its encoding.
type field struct {
	name      string
	key       []byte // the name as MessagePack
	index     []int  // path to it, through embedded structs
	plan      *plan
	tagged    bool // the name comes from a tag
	omitEmpty bool
	omitZero  bool
}

// tagKeys are the struct tags that are honoured; the first one that a field has counts.
var tagKeys = [...]string{"msgpack", "codec", "json"}

// fieldsOf returns the fields of a struct type sorted by name. Embedded structs without a name of
// their own contribute their fields; of several fields with one name the least deep counts, among
// those the tagged one, and if that leaves several, none: the rules of encoding/json.
func fieldsOf(t reflect.Type, building map[reflect.Type]*plan) []field {
	var all []field
	collectFields(t, nil, nil, &all)
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), compareBool(b.tagged, a.tagged))
	})
	var fields []field
	for start := 0; start < len(all); {
		end := start + 1
		for end < len(all) && all[end].name == all[start].name {
			end++
		}
		if dominates(all[start:end]) {
			f := all[start]
			f.key = append(appendStringHead(nil, len(f.name)), f.name...)
			f.plan = build(t.FieldByIndex(f.index).Type, building)
			fields = append(fields, f)
		}
		start = end
	}
	return fields
}

// dominates reports whether the first of some fields with the same name, sorted, prevails.
func dominates(same []field) bool {
	return len(same) == 1 || len(same[0].index) != len(same[1].index) || same[0].tagged != same[1].tagged
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// collectFields appends the fields of t, which is reached by index through the types in outer.
func collectFields(t reflect.Type, index []int, outer []reflect.Type, all *[]field) {
	if slices.Contains(outer, t) {
		return // an embedded pointer to an enclosing type: its fields are hidden by the outer ones
	}
	outer = append(slices.Clip(outer), t)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := lookupTag(sf.Tag)
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		path := append(slices.Clip(index), i)
		if sf.Anonymous {
			embedded := sf.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			isStruct := embedded.Kind() == reflect.Struct
			if !sf.IsExported() && !isStruct {
				continue
			}
			if isStruct && name == "" && marshalerOf(embedded) == nil && embedded != timeType && embedded != extensionType {
				collectFields(embedded, path, outer, all)
				continue
			}
		}
		if !sf.IsExported() {
			continue
		}
		*all = append(*all, field{
			name: cmp.Or(name, sf.Name), index: path, tagged: tagged && name != "",
			omitEmpty: hasOption(options, "omitempty"), omitZero: hasOption(options, "omitzero"),
		})
	}
}

func lookupTag(tag reflect.StructTag) (value string, ok bool) {
	for _, key := range tagKeys {
		if value, ok = tag.Lookup(key); ok {
			return value, true
		}
	}
	return "", false
}

func hasOption(options, wanted string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option == wanted {
			return true
		}
	}
	return false
}

// hidesFields reports whether a struct has fields, none of which is exported.
func hidesFields(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			return false
		}
	}
	return t.NumField() > 0
}

// of returns the field of a struct value, or false if it lies behind an embedded pointer that is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), true
	}
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

// omitted reports whether the field's value is left out of the encoding.
func (f *field) omitted(v reflect.Value) bool {
	return f.omitEmpty && isEmpty(v) || f.omitZero && isZero(v)
}

// isEmpty is the sense of "omitempty" in encoding/json.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Interface, reflect.Pointer:
		return v.IsZero()
	}
	return false
}

// isZero is the sense of "omitzero" in encoding/json: the type's IsZero method if it has one, else
// whether the value is the zero value.
func isZero(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return true
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}
