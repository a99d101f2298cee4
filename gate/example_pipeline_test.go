// Pipeline: gates and what commits, in one piece.

package gate_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/gate"
)

func ExamplePipeline() {
	var ledger []string
	pipeline, err := gate.NewPipeline(exampleSet(), func(receipt *gate.Receipt[order]) (int, error) {
		record, err := receipt.Spend()
		if err != nil {
			return 0, err
		}
		ledger = append(ledger, fmt.Sprintf("%d sold, %s", receipt.Value().count, record.Outcome))
		return len(ledger), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	wanted := order{count: 2}
	committed, err := pipeline.Run(desk{order: wanted, left: 3, open: true}, gate.Propose(wanted))
	fmt.Println(committed.Result(), committed.Record().Gates, err)
	_, err = pipeline.Run(desk{order: wanted, left: 1, open: true}, gate.Propose(wanted))
	fmt.Println(errors.Is(err, gate.ErrDenied))
	fmt.Println(ledger)
	// Output:
	// 1 [stock hours] <nil>
	// true
	// [2 sold, passed]
}
