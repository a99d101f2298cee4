// Reports that hold the shape, and each way in which one can break it.

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

const soundRow = `{"row":"P1","name":"append, staged","value":13,"unit":"ns","reference":"floor(256)",` +
	`"reference_value":10,"ratio":1.3,"better":"smaller","target":1.3,"met":true,"p99":20}`

func TestAReportWithThePromisedShapeIsAccepted(t *testing.T) {
	report := "[" + soundRow + `, {"row":"P22","name":"stall","value":1,"unit":"ms","reference":"",` +
		`"reference_value":null,"ratio":null,"better":"smaller","target":null,"met":null}]`
	if err := checkReport([]byte(report), []string{"P1", "P22"}); err != nil {
		t.Error(err)
	}
}

func TestARowWithoutThePromisedShapeIsRefused(t *testing.T) {
	tests := map[string]struct{ old, replacement, want string }{
		"missing key":          {`"unit":"ns",`, ``, "begins with the keys"},
		"keys in other order":  {`"row":"P1","name":"append, staged"`, `"name":"append, staged","row":"P1"`, "begins with the keys"},
		"empty row":            {`"row":"P1"`, `"row":""`, `"row" is empty`},
		"empty name":           {`"name":"append, staged"`, `"name":""`, `"name" is empty`},
		"unit of another type": {`"unit":"ns"`, `"unit":3`, "unmarshal"},
		"no value":             {`"value":13`, `"value":null`, `"value" is null`},
		"value as text":        {`"value":13`, `"value":"13"`, "unmarshal"},
		"unknown direction":    {`"smaller"`, `"faster"`, `"better" is neither`},
		"ratio without value":  {`"reference_value":10`, `"reference_value":null`, "come without each other"},
		"nameless reference":   {`"reference":"floor(256)"`, `"reference":""`, `"reference" is empty`},
		"ratio of other":       {`"ratio":1.3`, `"ratio":2.3`, "13 / 10"},
		"ratio of no round":    {`"p99":20`, `"rounds":6,"interval":[1.4,1.5]`, `outside its own "interval"`},
		"reference of zero":    {`"reference_value":10`, `"reference_value":0`, "come without each other"},
		"met without target":   {`"target":1.3`, `"target":null`, `without a "target"`},
	}
	for name, test := range tests {
		if !strings.Contains(soundRow, test.old) {
			t.Fatalf("%s: the sound row lacks %s", name, test.old)
		}
		report := "[" + strings.Replace(soundRow, test.old, test.replacement, 1) + "]"
		if err := checkReport([]byte(report), nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %s", name, err, test.want)
		}
	}
}

func TestTheCommandTellsWrongShapeFromUnreadableInput(t *testing.T) {
	tests := map[string]struct {
		report string
		rows   []string
		code   int
	}{
		"sound":            {"[" + soundRow + "]", []string{"P1"}, 0},
		"missing row":      {"[" + soundRow + "]", []string{"P1", "P4"}, 1},
		"not an array":     {soundRow, nil, 1},
		"no JSON":          {"12 ns/op", nil, 1},
		"array of numbers": {"[1]", nil, 1},
		"nothing":          {"", nil, 1},
	}
	for name, test := range tests {
		var out bytes.Buffer
		if code := run(test.rows, strings.NewReader(test.report), &out, &out); code != test.code || out.Len() == 0 {
			t.Errorf("%s: exit %d, want %d: %s", name, code, test.code, out.String())
		}
	}
	var out bytes.Buffer
	if code := run(nil, iotest.ErrReader(errors.New("broken pipe")), &out, &out); code != 2 {
		t.Errorf("unreadable input: exit %d, want 2: %s", code, out.String())
	}
}
