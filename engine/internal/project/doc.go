// Package project answers for projections: with a state that is kept, if it is new enough; else with that state and what came
// since, read once, however many ask for it at the same time.
//
// It knows keys of states, the two tiers that keep them, how new a state must be, and which Go types can be copied as they are.
// It never knows what a state is or how events change it: a [Folder] does that, and it may fail, panic or never return.
package project
