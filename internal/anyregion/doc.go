// Package anyregion makes random regions for the tests that compare answers with a linear scan.
//
// It knows what a region can ask for, and takes what it asks from events that there are, so that most regions select
// something. It never knows how regions are answered.
package anyregion
