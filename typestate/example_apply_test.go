// Start and Apply: a transition, stored by a function of the caller's own.

package typestate_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

// The states of the examples, and what leads from one to the next.
type (
	draft     struct{}
	published struct{ by string }
	author    struct {
		Name string `json:"name"`
	}
)

var publish = typestate.MustNew(event.MustKind(0x1, 1), "publish", func(_ draft, a author) published { return published{a.Name} })

func ExampleApply() {
	isDraft, err := typestate.Start(event.MustAt("article-1", "blog"), draft{})
	if err != nil {
		log.Fatal(err)
	}
	store := func(step typestate.Step[author]) (typestate.Stored, error) {
		fmt.Println("store", step.Coordinate, step.Kind, step.Payload, "behind clock", step.Clock)
		return typestate.Stored{Clock: step.Clock + 1}, nil
	}
	isPublished, err := typestate.Apply(isDraft, publish, author{"ann"}, store)
	fmt.Println(isPublished.State().by, isPublished.Clock(), err)

	_, err = typestate.Apply(isDraft, publish, author{"bob"}, store)
	fmt.Println(errors.Is(err, typestate.ErrMachineUsed))
	// typestate.Apply(isPublished, publish, author{"bob"}, store) does not compile.

	// Output:
	// store article-1@blog 0x1001 {ann} behind clock 0
	// ann 1 <nil>
	// true
}
