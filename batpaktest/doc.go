// Package batpaktest helps to test code that embeds the engine: it holds stores that a test can't forget to close and whose
// ids and times repeat, cases of projections and reactors, and a simulated disk that can be cut off at any moment
// and opened again. The engine's own crash tests are in the package crash below it.
//
// It knows the engine's public door, testing.TB, and a disk that remembers what a power cut may
// keep of each sector.
//
// It never knows anything that a user's own test could not reach: it opens no
// back door into what a store holds.
//
// A store of a test's own:
//
//	store := batpaktest.Open(t)
//	defer store.Close()
//
// What a projection makes of events, and what a reactor answers them with:
//
//	batpaktest.Fold(t, balance).Given(opened).When(deposited).Then(Balance{Amount: 120})
//	batpaktest.React(t, ship).Given(placed).When(paid).Then(shipped)
//
// A test of what a power cut leaves opens its store on a [Disk] in the place of a directory, does its work, and
// cuts the power:
//
//	disk := batpaktest.NewDisk()
//	store, err := disk.Open(engine.Options{})
//	// ... append, note what was acknowledged ...
//	after := disk.PowerCut(seed)
//	_ = store.Close() // it is cut off: the error says so
//	again, err := after.Open(engine.Options{})
//	// ... everything acknowledged as durable must be there ...
package batpaktest
