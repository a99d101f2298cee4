// The simulator from outside.

package crash_test

import (
	"context"
	"fmt"

	"github.com/batpak/batpak/batpaktest/crash"
)

func ExampleRun() {
	report := crash.Run(context.Background(), crash.Config{Seed: 1, Cuts: 200})
	fmt.Println(report.Cuts >= 200, len(report.Findings))
	// Output: true 0
}
