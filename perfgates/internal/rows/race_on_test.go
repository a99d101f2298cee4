// The constant of race builds, in which rows take five times as long.

//go:build race

package rows

const raceBuild = true
