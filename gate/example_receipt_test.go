// Receipt: proof that is good once.

package gate_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/gate"
)

func ExampleReceipt_Spend() {
	wanted := order{count: 2}
	receipt, err := gate.Evaluate(exampleSet(), desk{order: wanted, left: 3, open: true}, gate.Propose(wanted))
	if err != nil {
		log.Fatal(err)
	}
	record, err := receipt.Spend()
	fmt.Println(record.Outcome, record.Gates, err)
	_, err = receipt.Spend()
	fmt.Println(errors.Is(err, gate.ErrReceiptUsed), receipt.Used())
	// Output:
	// passed [stock hours] <nil>
	// true true
}
