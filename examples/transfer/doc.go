// Transfer moves money between accounts, many transfers at a time, and proves that none of it is lost.
//
//	go run ./examples/transfer --dir DIR --goroutines N --transfers M [--accounts K] [--balance B] [--seed S]
//
// It knows how a decision that rests on two streams is stored. Transfer number n moves an amount from one account to
// another; all three follow from the seed and n. It is one batch of two events, which
//
//   - is conditional on the clocks of both accounts, as they were when their balances were read: what another goroutine
//     stored meanwhile is a conflict, nothing is stored, and the transfer is judged again by what there is now
//   - has a key, "transfer:n", so that it is stored once, however often it is tried
//
// No account may fall below zero. A transfer that its account can't pay is declined, which is one event with the same key.
//
// The program may be killed at any moment and started again: it then tries all transfers again, and those
// that an earlier run stored are answered as duplicates. At the end it reads every event back, and compares: each transfer has
// been decided exactly once, no account was ever below zero, and the accounts hold together what they were opened with.
//
// Accounts are folded from their events and kept in memory with the sequence up to which they are known, so that an attempt
// reads only what is new.
//
// The exit code is 0 if all is as it must be, 1 if a comparison failed, and 2 if the program could not do its work, or
// was interrupted.
//
// It never takes a lock over two accounts, and never asks which transfers are done: the store answers that.
package main
