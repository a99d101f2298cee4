// Lifecycle: a machine, found in its events.

package typestate_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

func ExampleLifecycle_Load() {
	articles, err := typestate.NewLifecycle(draft{}, publish)
	if err != nil {
		log.Fatal(err)
	}
	at := event.MustAt("article-1", "blog")
	events := func(yield func(event.Event, error) bool) { // store.Stream yields them
		ev := event.Event{Coordinate: at, Payload: []byte(`{"name":"ann"}`)}
		ev.Kind, ev.Codec, ev.Position.Clock = publish.Kind(), event.CodecJSON, 1
		yield(ev, nil)
	}
	loaded, err := articles.Load(at, events)
	if err != nil {
		log.Fatal(err)
	}
	if isPublished, ok := typestate.As[published](loaded); ok {
		fmt.Println("published by", isPublished.State().by, "at clock", isPublished.Clock())
	}
	_, ok := typestate.As[draft](loaded)
	fmt.Println("a draft:", ok)
	// Output:
	// published by ann at clock 1
	// a draft: false
}
