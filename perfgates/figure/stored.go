// Results as they are stored: everything, to be read again.

package figure

// Stored is a result whose JSON holds all of it, rounds and curve too, where that of a Result is for readers. What is None is null.
type Stored Result
