// Absolute budgets for a class of machines.

package perfgates_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/batpak/batpak/perfgates"
)

func ExampleReadProfile() {
	profile, err := perfgates.ReadProfile(strings.NewReader(`{
		"name": "rack-7", "description": "our servers", "cpus": 8, "quick": false,
		"budgets": [{"row": "P4", "name": "p50", "bound": 120000, "unit": "ns"}]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	verdicts, err := perfgates.Judge([]perfgates.Row{}, measured(), perfgates.Machine{CPUs: 8, FileSystem: "xfs"}, profile)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Profile != "" {
			fmt.Printf("%s %s: %s, %s\n", v.Row, v.Name, v.Decision, v.Reason)
		}
	}
	_, err = perfgates.ReadProfile(strings.NewReader(`{"name": "rack-7", "budgets": [{"row": "P4", "name": "p50", "bound": 120, "unit": "us"}]}`))
	fmt.Println(err)
	// Output:
	// P4 p50: denied, 130 us [130 us, 130 us], budget of profile rack-7 <= 120 us
	// perfgates: not a profile: "rack-7": the unit of P4 p50 is "us", the result's is "ns"
}

func ExampleNewProfile() {
	profile, err := perfgates.NewProfile("here", "measured once on this machine", measured(), 1.5)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range profile.Budgets {
		fmt.Println(b.Row, b.Name, b.Bound, b.Unit)
	}
	// Output:
	// P1 append 1800 ns
	// P4 p50 195000 ns
}
