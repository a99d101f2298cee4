// This file proves that killing the program loses nothing and repeats nothing: it is killed at random moments, and started
// again each time.

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// childDirectory is the environment variable that makes the test binary a run of the program on a
// directory.
const childDirectory = "BATPAK_TRANSFER_TEST_DIRECTORY"

// killedRun is what the killed runs and the last one have in common.
var killedRun = settings{goroutines: 16, transfers: 3000, terms: opened{Accounts: 30, Balance: 300, Seed: 7}}

// child is a run that prints a byte for every transfer that is decided.
func child(dir string) int {
	set := killedRun
	set.directory = dir
	set.decided = func() {
		if _, err := os.Stdout.WriteString("."); err != nil {
			panic(err)
		}
	}
	wrong, err := execute(context.Background(), set, io.Discard)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	if wrong {
		return exitWrong
	}
	return exitFine
}

// runUntilKilled runs the program and kills it when it has decided so many transfers, if it comes so far. It returns
// how many were decided, and whether the run came to its end.
func runUntilKilled(t *testing.T, dir string, transfers int) (decided int, ended bool) {
	t.Helper()
	var stderr bytes.Buffer
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childDirectory+"="+dir, "GORACE=atexit_sleep_ms=0")
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(stdout)
	for {
		if decided == transfers {
			if err := command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		}
		if _, err := in.ReadByte(); err != nil { // the end of the process
			break
		}
		decided++
	}
	if err := command.Wait(); err == nil {
		return decided, true
	}
	if code := command.ProcessState.ExitCode(); code != -1 {
		t.Fatalf("exit code %d\n%s", code, &stderr)
	}
	return decided, false
}

func TestARunThatIsKilledAtRandomLosesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	most, killed := 0, 0
	for killed < 6 {
		// What was decided before comes first. The first kills may hit the opening of the accounts.
		after := most + random.IntN(400)
		if random.IntN(4) == 0 {
			after = random.IntN(most + 1)
		}
		decided, ended := runUntilKilled(t, dir, after)
		if ended {
			break // faster than the kill
		}
		most, killed = max(most, decided), killed+1
	}
	got := must(t, "--dir", dir, "--goroutines", "16", "--transfers", "3000", "--accounts", "30", "--balance", "300", "--seed", "7")
	if duplicates := got.numbers(t, "duplicates")[0]; duplicates < most {
		t.Errorf("%d duplicates, but %d transfers were decided before:\n%s", duplicates, most, got.stdout)
	}
	if killed == 0 || most == 0 {
		t.Errorf("%d runs were killed, at most %d transfers decided", killed, most)
	}
}
