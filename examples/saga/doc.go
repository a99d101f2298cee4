// Saga runs orders through payment, stock and shipment, each a reactor of its own, and proves that every order ends exactly
// once, whenever the program is killed.
//
//	go run ./examples/saga [--orders N] [--customers K] [--products P] [--seed S] [--dir DIR] [--kill]
//
// It knows how a process over several entities is made of steps that are stored one by one. Four reactors answer events with
// events, each answer being one batch that is stored whole, caused by what it answers:
//
//	order.placed      -> payment:  account.charged, till.received, order.paid      or order.rejected
//	order.paid        -> stock:    stock.reserved, order.reserved                  or order.unavailable
//	order.reserved    -> shipment: order.shipped                                   or order.undeliverable
//	order.unavailable
//	    undeliverable -> refund:   till.paid_out, account.refunded, (stock.returned), order.cancelled
//
// What cannot be done is undone by what comes after it: there is no transaction over the whole, and nothing is locked between two steps. A
// step that rests on what an account or a product has says so with an expectation; where another reactor was faster it is judged again.
//
// With --kill the program starts itself again and again as a child that kills itself at a random moment, and then ends the work: a
// reactor goes on where it was, and what it had answered is not answered again.
//
// At the end every event is read back: each order went the way above, step by step, and ended once; no account and no product was ever
// below zero; all money and all goods are where they must be. It prints what it proves. The exit code is 0 if all is as it must be, 1 if
// something is not, and 2 if the program could not do its work.
//
// It never asks what was done before it was killed: the store knows.
package main
