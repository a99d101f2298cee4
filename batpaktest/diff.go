// This file holds how a failing comparison is shown: values as lines of text, and what differs between two such texts.

package batpaktest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// difference returns two texts as one: lines that only the first has with "-" before them, those of the second alone
// with "+".
func difference(want, got []string) string {
	// common[i][j] is how many lines want[i:] and got[j:] have in common, in their order.
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var text strings.Builder
	line := func(mark, content string) { fmt.Fprintf(&text, "%s %s\n", mark, content) }
	i, j, same := 0, 0, true
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			line(" ", want[i])
			i, j = i+1, j+1
		case i < len(want) && (j == len(got) || common[i+1][j] >= common[i][j+1]):
			line("-", want[i])
			i, same = i+1, false
		default:
			line("+", got[j])
			j, same = j+1, false
		}
	}
	if same {
		line(" ", "(no line differs: what does is a NaN, a function, or is left out)")
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// maxRendered is the number of lines of a value that are shown, beyond which comparing them would take long.
const maxRendered = 1000

// render returns a value as lines of text that are equal for equal values and differ where the values do: a field,
// an element or a map entry on each.
func render(value any) []string {
	p := &printer{seen: make(map[uintptr]bool)}
	p.print("", reflect.ValueOf(value), "")
	if len(p.lines) > maxRendered {
		p.lines = append(p.lines[:maxRendered], fmt.Sprintf("... and %d more lines", len(p.lines)-maxRendered))
	}
	return p.lines
}

// printer renders one value.
type printer struct {
	lines []string
	seen  map[uintptr]bool // pointers and maps that are being printed
}

func (p *printer) add(format string, arguments ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, arguments...))
}

// print prints a value, its first line after a label.
func (p *printer) print(indent string, v reflect.Value, label string) {
	if !v.IsValid() {
		p.add("%s%snil", indent, label)
		return
	}
	if text, ok := scalar(v); ok {
		p.add("%s%s%s", indent, label, text)
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		p.inInterface(indent, v.Elem(), label)
	case reflect.Pointer:
		p.enclosed(v.Pointer(), indent, label, func() { p.print(indent, v.Elem(), label+"&") })
	case reflect.Struct:
		p.block(indent, label, v, v.NumField(), func(i int) (string, reflect.Value) {
			return v.Type().Field(i).Name + ": ", v.Field(i)
		})
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Or(compare(a, b), cmp.Compare(text(a), text(b))) })
		p.enclosed(v.Pointer(), indent, label, func() {
			p.block(indent, label, v, len(keys), func(i int) (string, reflect.Value) { return text(keys[i]) + ": ", v.MapIndex(keys[i]) })
		})
	case reflect.Slice, reflect.Array:
		p.block(indent, label, v, v.Len(), func(i int) (string, reflect.Value) { return "", v.Index(i) })
	default: // a channel or a function
		p.add("%s%s%s at %#x", indent, label, v.Type(), v.Pointer())
	}
}

// inInterface prints a value whose type its place does not tell.
func (p *printer) inInterface(indent string, v reflect.Value, label string) {
	text, ok := scalar(v)
	if !ok || v.Type() == reflect.TypeFor[string]() || v.Type() == reflect.TypeFor[bool]() || strings.HasPrefix(text, "[]byte") {
		p.print(indent, v, label)
		return
	}
	p.add("%s%s%s(%s)", indent, label, v.Type(), text)
}

// enclosed prints what a pointer or a map leads to, unless it leads to itself.
func (p *printer) enclosed(at uintptr, indent, label string, print func()) {
	if p.seen[at] {
		p.add("%s%sitself", indent, label)
		return
	}
	p.seen[at] = true
	print()
	delete(p.seen, at)
}

// block prints the parts of a value between braces.
func (p *printer) block(indent, label string, v reflect.Value, parts int, part func(i int) (string, reflect.Value)) {
	if parts == 0 {
		p.add("%s%s%s{}", indent, label, v.Type())
		return
	}
	p.add("%s%s%s{", indent, label, v.Type())
	for i := range parts {
		name, value := part(i)
		p.print(indent+"  ", value, name)
	}
	p.add("%s}", indent)
}

// scalar returns a value that fits on a line.
func scalar(v reflect.Value) (text string, ok bool) {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			return time.Duration(v.Int()).String(), true
		}
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), true
	case reflect.Complex64, reflect.Complex128:
		return strconv.FormatComplex(v.Complex(), 'g', -1, 128), true
	case reflect.String:
		return strconv.Quote(v.String()), true
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface, reflect.Chan, reflect.Func:
		if v.IsNil() {
			return "nil", true
		}
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return octets(v.Bytes()), true
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() && v.CanInterface() {
			return v.Interface().(time.Time).Format(time.RFC3339Nano), true
		}
	}
	return "", false
}

// octets returns bytes as text if they are that.
func octets(b []byte) string {
	if utf8.Valid(b) {
		return fmt.Sprintf("[]byte(%q)", b)
	}
	return fmt.Sprintf("[]byte{%x}", b)
}

// text returns a key of a map on one line.
func text(v reflect.Value) string {
	if line, ok := scalar(v); ok {
		return line
	}
	return fmt.Sprintf("%+v", v)
}

// compare orders keys of one kind that are numbers; 0 for all others.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat() && b.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return 0
}

// whole returns a value as text, however long.
func whole(value any) string {
	p := &printer{seen: make(map[uintptr]bool)}
	p.print("", reflect.ValueOf(value), "")
	return strings.Join(p.lines, "\n")
}
