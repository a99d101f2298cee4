// What the library makes of the bytes of bitmaps: the tests compare it with what is read here.

package index

import "github.com/RoaringBitmap/roaring/v2"

// bitmap returns the ordinals as a bitmap. It may lie in the mapped bytes, and with it whatever is computed from it
// without copying: it must not be changed, and none of that is valid any longer than the mapping is held.
func (p *postings) bitmap() (*roaring.Bitmap, error) {
	result := roaring.New()
	if p.count < bitmapFrom {
		var room [bitmapFrom]uint32
		ordinals, err := p.appendTo(room[:0])
		if err != nil {
			return nil, err
		}
		result.AddMany(ordinals)
		return result, nil
	}
	b, err := p.portable()
	if err != nil {
		return nil, err
	}
	if _, err := result.FromBuffer(b.b); err != nil {
		return nil, p.damaged(err.Error())
	}
	return result, nil
}
