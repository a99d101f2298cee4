// This file holds the lives of a shop that is killed: the program, started again and again as a child.

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
)

// childVariable is the environment variable that says that a process is a child of --kill.
const childVariable = "BATPAK_SAGA_CHILD"

// liveAndDie runs children on the shop, one after the other, each of which kills itself at a moment that is chance.
func liveAndDie(ctx context.Context, set settings, c *claims) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	random := rand.New(rand.NewPCG(set.terms.Seed, 0))
	lives := 5 + random.IntN(4)
	killed := 0
	for life := 1; life <= lives; life++ {
		// An order takes up to four calls. Together the children come less than half the way.
		die := 1 + random.IntN(max(2*set.terms.Orders/lives, 1))
		was, err := child(ctx, program, set, die)
		if err != nil {
			return fmt.Errorf("life %d: %w", life, err)
		}
		if was {
			killed++
			fmt.Fprintf(c.out, "      life %d was killed at its call of a reactor with number %d\n", life, die)
		}
	}
	if killed < lives {
		fmt.Fprintf(c.out, "      %d lives came to their end, since there was little or nothing to do\n", lives-killed)
	}
	return nil
}

// child runs the program on the shop and waits for its end, since two can't have the store open. It reports whether the child was
// killed; it may also come to its end before.
func child(ctx context.Context, program string, set settings, die int) (killed bool, err error) {
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, program,
		"--dir", set.directory, "--orders", strconv.Itoa(set.terms.Orders), "--customers", strconv.Itoa(set.terms.Customers),
		"--products", strconv.Itoa(set.terms.Products), "--seed", strconv.FormatUint(set.terms.Seed, 10), "--die", strconv.Itoa(die))
	command.Env = append(os.Environ(), childVariable+"=1")
	command.Stderr = &stderr
	err = command.Run()
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil:
		return false, nil
	case command.ProcessState != nil && command.ProcessState.ExitCode() == -1: // by a signal
		return true, nil
	}
	return false, fmt.Errorf("the child: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
}
