// Evaluate, EvaluateAll and Bypass: three ways to a receipt.

package gate_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/gate"
)

// order is what the examples propose, desk what must be known to judge it.
type order struct{ count int }

type desk struct {
	order order
	left  int
	open  bool
}

// exampleSet returns a set of two gates.
func exampleSet() *gate.Set[desk] {
	stock := gate.New("stock", func(d desk) error {
		if d.order.count > d.left {
			return gate.Deny("OUT_OF_STOCK", "not enough is left").With("left", d.left)
		}
		return nil
	})
	hours := gate.New("hours", func(d desk) error {
		if !d.open {
			return errors.New("nobody is here")
		}
		return nil
	})
	set, err := gate.NewSet(stock, hours)
	if err != nil {
		log.Fatal(err)
	}
	return set
}

func ExampleEvaluate() {
	set, wanted := exampleSet(), order{count: 5}
	_, err := gate.Evaluate(set, desk{order: wanted, left: 3}, gate.Propose(wanted))
	fmt.Println(err)

	var denial *gate.Denial
	if errors.As(err, &denial) {
		left, _ := denial.Detail("left")
		fmt.Println(denial.Gate, denial.Code, left)
	}

	receipt, err := gate.Evaluate(set, desk{order: wanted, left: 9, open: true}, gate.Propose(wanted))
	fmt.Println(receipt.Value(), receipt.Record().Outcome, err)
	// Output:
	// batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=3)
	// stock OUT_OF_STOCK 3
	// {5} passed <nil>
}

func ExampleEvaluateAll() {
	wanted := order{count: 5}
	_, err := gate.EvaluateAll(exampleSet(), desk{order: wanted, left: 3}, gate.Propose(wanted))
	var denials gate.Denials
	if errors.As(err, &denials) {
		for _, denial := range denials {
			fmt.Println(denial)
		}
	}
	// Output:
	// batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=3)
	// batpak: gate hours denied: DENIED: nobody is here
}

func ExampleBypass() {
	receipt, err := gate.Bypass(exampleSet(), gate.Propose(order{count: 5}), "stock count is wrong", "seen on the shelf, ticket 7")
	if err != nil {
		log.Fatal(err)
	}
	record := receipt.Record()
	fmt.Println(record.Outcome, record.Gates, record.Reason)
	// Output: bypassed [stock hours] stock count is wrong
}

func ExampleNewSet() {
	_, err := gate.NewSet[desk](nil)
	fmt.Println(err)
	// Output: batpak: invalid gates[0]: nil
}
