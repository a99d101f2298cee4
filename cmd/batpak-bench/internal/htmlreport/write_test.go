package htmlreport

import (
	"os"
	"testing"
)

func TestWriteSample(t *testing.T) {
	f, _ := os.Create("/tmp/h4/sample.html")
	if err := Write(f, sampleReport(t, 3)); err != nil {
		t.Fatal(err)
	}
	f.Close()
}
