// Defects tries out whether the tests notice mistakes. Each of a list of defects, planted in the code behind the build
// tag dangerous_test_hooks, must make a test fail, within seconds.
//
// It knows for every defect of package hooks which tests are to catch it, in the order in which they are asked. It
// builds these tests once, with the tag, runs them without a defect, since a test that fails anyway catches nothing, and
// then runs them for one defect after the other, in a process of their own each time, until one fails. Two processes run
// at a time, but for a defect whose tests need the machine for themselves.
//
// Usage:
//
//	go run ./tools/defects [--only name,name] [--json]
//
// It prints each defect with the seconds that it took and the test that failed, and exits with 0 when all were caught, 1
// when one was not or a test failed without a defect, 2 when it could not look. `go run` itself turns every failure
// into 1.
//
// It never knows where a defect is planted and what it breaks there: that is said in package hooks, and in the code.
package main
