// Batch stores an order with its lines, and the stock that they reserve, as one unit.
//
//	go run ./examples/batch [--dir DIR]
//
// It knows what a batch is for, and shows each part once:
//
//   - the builder: items are added one by one, and each returned item takes options
//   - causation inside the batch: a line names the order, a reservation its line, before either of them has an id
//   - an expectation of an item's entity, which sees the items before it
//   - a batch that fails, since a reservation rests on stock that changed, and says which item failed and at what stage: nothing of
//     it is stored
//   - a key: the same batch again stores nothing and returns the receipts of the first time; another one with its key is refused
//
// Every claim that it prints is checked against the store, which is kept in DIR, or in a temporary directory that is removed. With
// DIR the program can be run again: what is stored already is then answered by key. The exit code is 0 if all is as
// claimed, 1 if something is not, 2 if the program could not do its work.
//
// It never knows more than one goroutine: the transfer example has many, and retries.
package main
