// This file holds the check that bytes are well-formed MessagePack, made before anything is decoded.

package payload

// Problems that scan reports.
const (
	problemShort   = "cut short"
	problemByte    = "holds the byte 0xc1, which MessagePack never uses"
	problemTooDeep = "nested deeper than 100"
)

// scan finds the end of the value at the front of b, in which at most depth arrays and maps may lie
// within each other. The problem is empty if there is such a value.
//
// It takes time linear in the bytes that it passes, and no memory: a container that announces more
// values than there are bytes left is refused at once. After it, every length in the value is known
// to be backed by bytes.
func scan(b []byte, depth int) (end int, problem string) {
	var pending [MaxDepth]int // values still to come in each open container
	open := 0
	for {
		h := parseHead(b[end:])
		if h.kind == kindInvalid {
			if end < len(b) && b[end] == 0xc1 {
				return end, problemByte
			}
			return end, problemShort
		}
		end += h.size
		switch left := len(b) - end; h.kind {
		case kindArray, kindMap:
			if open >= depth {
				return end, problemTooDeep
			}
			values := h.length
			if values > left {
				return end, problemShort
			}
			if h.kind == kindMap {
				values *= 2
			}
			if values > left {
				return end, problemShort
			}
			if values > 0 {
				pending[open] = values
				open++
				continue
			}
		default:
			if h.data() > left {
				return end, problemShort
			}
			end += h.data()
		}
		for open > 0 {
			pending[open-1]--
			if pending[open-1] > 0 {
				break
			}
			open--
		}
		if open == 0 {
			return end, ""
		}
	}
}
