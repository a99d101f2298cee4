// Circles between rooms of one floor. The compiler refuses a circle of
// packages; what it lets pass is a circle of rooms that have several packages,
// and one that closes only across systems or build tags.

package main

import (
	"maps"
	"slices"
	"strings"
)

// inspectCircles reports for each circle of rooms of one floor a shortest one.
// Tests in a package of their own (name_test) are left out: nothing imports
// them, so they can't be part of a circle.
func (i *inspection) inspectCircles() {
	edges, floors := i.sideways()
	for _, start := range slices.Sorted(maps.Keys(edges)) {
		circle := shortestCircle(edges, start)
		// Each circle is met from each of its rooms: report it from the first.
		if len(circle) > 0 && slices.Min(circle) == start {
			i.report("%s (all floor %d): the imports go in a circle",
				strings.Join(append(circle, start), " -> "), floors[start])
		}
	}
}

// sideways returns for each room the other rooms of its floor that it imports,
// sorted, and the floors of all rooms.
func (i *inspection) sideways() (edges map[string][]string, floors map[string]int) {
	edges, floors = map[string][]string{}, map[string]int{}
	for _, pkg := range i.house.packages {
		from, ours := i.relative(pkg.path)
		home, known := i.plan.roomOf(from)
		if !ours || !known {
			continue
		}
		floors[home.name] = home.floor
		for _, to := range slices.Concat(pkg.imports, pkg.testImports) {
			rel, ours := i.relative(to)
			target, known := i.plan.roomOf(rel)
			if ours && known && target.floor == home.floor && target.name != home.name {
				edges[home.name] = append(edges[home.name], target.name)
			}
		}
	}
	for name := range edges {
		slices.Sort(edges[name])
		edges[name] = slices.Compact(edges[name])
	}
	return edges, floors
}

// shortestCircle returns the rooms of a shortest circle through start, start
// first, or nil.
func shortestCircle(edges map[string][]string, start string) []string {
	cameFrom := map[string]string{}
	queue := []string{start}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, next := range edges[at] {
			if next == start {
				return wayBack(cameFrom, start, at)
			}
			if _, seen := cameFrom[next]; !seen {
				cameFrom[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// wayBack returns the rooms from start to last.
func wayBack(cameFrom map[string]string, start, last string) []string {
	way := []string{last}
	for last != start {
		last = cameFrom[last]
		way = append(way, last)
	}
	slices.Reverse(way)
	return way
}
