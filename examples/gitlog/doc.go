// Gitlog stores the whole history of a git repository as events and reads it back.
//
//	go run ./examples/gitlog --repo PATH --dir DIR [--check]
//
// It knows how a history becomes events. Every commit that a ref reaches is one event, parents
// before children:
//
//   - entity "author:EMAIL", the author's e-mail address as git prints it in UTF-8, escaped where
//     that is not a valid name (names.go has the rule and its inverse)
//   - scope "repo:NAME", the name of the repository's directory, so that a store can hold several
//     repositories; two of the same name need a store each
//   - kind 0xE002 for a merge, 0xE001 for any other commit
//   - payload: hash, subject, author time, parents
//   - causation: the event of the first parent
//   - timestamp: the author time, which the program gives the store as its clock; times before 1970
//     or after 9999 are moved there (the payload keeps them)
//
// The store is written under the manual policy, with one sync at the end: what a power cut takes is
// in git still, and the next run stores it again. A run stores only commits that the store lacks. It
// then closes the store, opens it anew, reads all back and prints what it found.
//
// It also asks the store's index: for the ten busiest authors (entity streams), the commits of each
// month (time ranges), the merges (kind), and the newest ten links along HEAD's first parents, each
// found by the id that its child names as its cause. It asks the same of a copy that has lost every
// derived file, and says whether the answers are the same. The copy is made in the directory for
// temporary files, and removed.
//
// Commits that a rewritten history left behind stay in the store, since it only grows. With --check
// they are a difference: it compares the hashes in the scope with those of "git rev-list --all", both
// ways, and the order, kind, parents and causation of each event with git's parents. It also compares
// the index's answers with what counting every event gives, and with git's own first parents.
//
// The exit code is 0 if all went well, 1 if --check found a difference or the copy gave other
// answers, and 2 if the program could not do its work: among others for what is no repository, and for a shallow clone, whose oldest
// commits have lost their parents.
//
// Of the store's files it knows only which ones are derived; the rest is the engine's matter. It never writes to the repository.
package main
