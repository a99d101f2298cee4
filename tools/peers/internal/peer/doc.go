// Package peer gives other people's stores one face: durable appends of many callers.
//
// It knows each peer's interface and the settings under which it appends fastest while a power cut
// loses nothing acknowledged. It never knows who appends, or how that is measured.
package peer
