// Package batpaktest will hold what users need to test code that embeds the
// engine: stores in temporary directories, given/when/then helpers and the
// crash simulator.
//
// It is empty so far: tests open a store of their own.
//
// It will know the testing package, the engine's public door and a simulated
// device that remembers what a power cut may keep of each sector.
//
// It will never know anything that a user's own test could not reach: it opens
// no back door into the engine.
package batpaktest
