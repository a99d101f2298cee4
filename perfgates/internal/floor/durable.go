// F0: one pwrite and one fdatasync of a frame into a prepared file.

package floor

// Durable writes frames one behind the other into a prepared file, each with its
// own sync, and starts again at the front when the file is full.
type Durable struct {
	prepared *Prepared
	frame    []byte
	offset   int64
}

// NewDurable prepares a file of size bytes in directory for frames of frameBytes bytes.
// It is not mapped any more when it returns.
func NewDurable(directory string, size, frameBytes int) (*Durable, error) {
	prepared, err := Prepare(directory, size, true)
	if err != nil {
		return nil, err
	}
	if err := prepared.Unmap(); err != nil {
		return nil, err
	}
	frame := make([]byte, frameBytes)
	for i := range frame {
		frame[i] = byte(i*7 + 1)
	}
	return &Durable{prepared: prepared, frame: frame}, nil
}

// Once writes and syncs one frame.
func (d *Durable) Once() error {
	if d.offset+int64(len(d.frame)) > int64(d.prepared.size) {
		d.offset = 0
	}
	d.frame[0]++ // equal bytes would still be written; distinct ones leave no doubt
	if _, err := d.prepared.file.WriteAt(d.frame, d.offset); err != nil {
		return err
	}
	d.offset += int64(len(d.frame))
	return d.prepared.file.SyncData()
}

// Close removes the file.
func (d *Durable) Close() error { return d.prepared.Close() }
