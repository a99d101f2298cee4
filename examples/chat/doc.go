// Chat has rooms and members who listen to them, some of whom keep up and some of whom do not.
//
//	go run ./examples/chat [--dir DIR] [--messages N]
//
// It knows what a lossy subscription promises, and shows each part once:
//
//   - live: members of two rooms hear what is said in theirs, all of it and in order, while several people speak at once
//   - a slow member, for whom at most five messages wait: the oldest are dropped, he is told how many, and what he heard and what
//     he missed are together all that was said; nobody else noticed
//   - a late member is first given the whole history of the room, then a mark that he has caught up, then what is said, while people
//     go on speaking all the time: every message once, with no gap in between
//   - leaving: a member whose context ends, or who closes his subscription, or whose store is closed, is not waited for
//
// A room is an entity, so that its messages have a clock of their own, by which the program checks everything that it claims. The
// store is kept in DIR, or in a temporary directory that is removed; with DIR it can be run again. N is how
// many messages everybody says, 300 by default. The exit code is 0 if all is as claimed, 1 if something is not, 2 if the
// program could not do its work.
//
// It never knows members that must not miss anything, also not while they are away: that is what cursors are for.
package main
