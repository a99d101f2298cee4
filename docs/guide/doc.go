// Package guide holds the examples of the guide's pages, which stand beside it as Markdown, and the
// test that keeps the two together. It has no code of its own.
//
// It knows how a page and its examples belong together: every block of Go code on a page is a run of
// lines of a tested example, or a whole program, and every block of output is what that example prints.
//
// It never knows more of the engine than any importer does, so what a page shows can be written by its
// reader.
package guide
