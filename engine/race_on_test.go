//go:build race

// The constant of race builds, where mappings are heap memory: what was not synced
// ends with the process.

package engine_test

const raceBuild = true
