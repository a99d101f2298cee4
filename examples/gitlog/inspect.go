// This file holds the second half of a run: measure the closed store, open it anew, read all back.

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// inspect fills in what the report says of the closed store and of what reading it back yields.
func inspect(ctx context.Context, source repository, set settings, summary *report) (err error) {
	summary.diskBytes, err = sizeOf(set.directory)
	if err != nil {
		return fmt.Errorf("measuring the store: %w", err)
	}
	watch := startWatch()
	store, err := openStore(set.directory)
	if err != nil {
		return err
	}
	watch.lap(&summary.reopening)
	defer func() {
		if closeErr := store.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("closing the store: %w", closeErr))
		}
	}()

	summary.stored, err = readCatalog(ctx, store, scopeOf(source.name))
	if err != nil {
		return err
	}
	watch.lap(&summary.reading)
	summary.question, err = newInquiry(ctx, source, summary.stored)
	if err != nil {
		return err
	}
	watch.restart()
	summary.answers, err = summary.question.ask(ctx, store)
	if err != nil {
		return err
	}
	watch.lap(&summary.asking)
	if set.check {
		summary.checked = true
		summary.differences, err = check(ctx, source, store, summary.stored)
		if err != nil {
			return err
		}
		found, err := checkAnswers(ctx, source, summary.stored, summary.answers)
		if err != nil {
			return err
		}
		summary.differences = append(summary.differences, found)
		watch.lap(&summary.checking)
	}
	return nil
}

// newInquiry asks about the years in which there are commits, and from HEAD on.
func newInquiry(ctx context.Context, source repository, stored *catalog) (inquiry, error) {
	q := inquiry{scope: stored.scope}
	q.first, q.last = stored.counted.years()
	head, named, err := source.head(ctx)
	if err != nil {
		return q, err
	}
	if named {
		q.head = stored.entries[head].id // zero for a commit that git has got since
	}
	return q, nil
}

// sizeOf returns the sizes of all files under a directory, added up, in bytes.
func sizeOf(directory string) (int64, error) {
	var total int64
	err := fs.WalkDir(os.DirFS(directory), ".", func(_ string, item fs.DirEntry, err error) error {
		if err != nil || !item.Type().IsRegular() {
			return err
		}
		info, err := item.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}
