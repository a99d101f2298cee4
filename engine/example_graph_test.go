// Graph: the neighbourhood of an event, drawn.

package engine_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/batpak/batpak/engine"
)

func ExampleStore_Graph() {
	store, done := exampleStore(engine.Options{})
	defer done()
	_, _, packed, _ := exampleOrder(store)

	graph, err := store.Graph(packed.ID, engine.GraphOptions{Depth: 3, Limit: 50})
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range graph.Nodes {
		fmt.Println(node.Level, node.Sequence, node.Coordinate)
	}
	// Output:
	// -1 1 order-7@shop
	// 0 4 warehouse@shop
	// 1 5 order-7@shop
}

func ExampleGraph_WriteMermaid() {
	store, done := exampleStore(engine.Options{
		// So that the ids are the same every time; a store of your own has no need of this.
		Clock: func() time.Time { return time.UnixMilli(1_763_875_200_000) }, Random: bytes.NewReader(make([]byte, 1024)),
	})
	defer done()
	_, _, packed, _ := exampleOrder(store)

	graph, err := store.Graph(packed.ID, engine.GraphOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := graph.WriteMermaid(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// flowchart LR
	//     n1["#35;1 0x1000<br/>order-7@shop<br/>019aaf279c0070008000018d6f562e4d"]
	//     n4["#35;4 0x1000<br/>warehouse@shop<br/>019aaf279c00700080000f6894a9b8dc"]:::asked
	//     n5["#35;5 0x1000<br/>order-7@shop<br/>019aaf279c007000800011c0c30e842c"]
	//     n1 --> n4
	//     n4 --> n5
	//     classDef asked stroke-width:3px
	//     classDef missing stroke-dasharray:4 4
}

func ExampleGraph_WriteDOT() {
	store, done := exampleStore(engine.Options{
		Clock: func() time.Time { return time.UnixMilli(1_763_875_200_000) }, Random: bytes.NewReader(make([]byte, 1024)),
	})
	defer done()
	_, _, packed, _ := exampleOrder(store)

	graph, err := store.Graph(packed.ID, engine.GraphOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := graph.WriteDOT(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// digraph causality {
	//	rankdir=LR;
	//	node [shape=box, fontname=monospace];
	//	n1 [label="#1 0x1000\norder-7@shop\n019aaf279c0070008000018d6f562e4d"];
	//	n4 [label="#4 0x1000\nwarehouse@shop\n019aaf279c00700080000f6894a9b8dc", penwidth=3];
	//	n5 [label="#5 0x1000\norder-7@shop\n019aaf279c007000800011c0c30e842c"];
	//	n1 -> n4;
	//	n4 -> n5;
	// }
}
