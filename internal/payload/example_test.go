// Examples of encoding and decoding.

package payload_test

import (
	"fmt"

	"github.com/batpak/batpak/internal/payload"
)

func ExampleAppendMessagePack() {
	type move struct {
		Y int `json:"y"`
		X int `json:"x"`
	}
	asStruct, err := payload.AppendMessagePack(nil, move{Y: 20, X: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	asMap, err := payload.AppendMessagePack(nil, map[string]int{"y": 20, "x": 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n%x\n", asStruct, asMap)

	_, err = payload.AppendMessagePack(nil, map[string]any{"then": func() {}})
	fmt.Println(err)
	// Output:
	// 82a1780aa17914
	// 82a1780aa17914
	// batpak: value cannot be encoded: [key]: func(): values of kind func have no encoding
}

func ExampleGeneric() {
	b, err := payload.AppendMessagePack(nil, map[int]string{1: "one"})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := payload.Generic(payload.MessagePack, b)
	fmt.Printf("%#v %v\n", v, err)
	// Output:
	// map[string]interface {}{"1":"one"} <nil>
}
