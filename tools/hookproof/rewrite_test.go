// What is taken out of a source file, and what is refused.

package main

import (
	"fmt"
	"strings"
	"testing"
)

// inFunction makes a file of statements that stand in a function.
func inFunction(statements string) string {
	return "package p\n\nimport \"" + hooksPath + "\"\n\nfunc f(h *hooks.Set, n int) error {\n" + statements + "\n}\n"
}

// squeezed is a text without what only separates.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestWhatAsksForFaultInjectionIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		what, statements, want string
		removed                int
	}{
		{"a point", "a()\nif hooks.Enabled {\n\tif err := h.Reach(hooks.FileRead, \"\"); err != nil {\n\t\treturn err\n\t}\n}\nb()", "a() b()", 1},
		{"a point with a condition", "if hooks.Enabled && n > 0 {\n\t_ = h.Reach(hooks.FileRead, \"\")\n}\nb()", "b()", 1},
		{"several conditions", "if hooks.Enabled && n > 0 && h != nil {\n\ta()\n}\nb()", "b()", 1},
		{"a defect", "if hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {\n\treturn nil\n}\nb()", "b()", 1},
		{"an else", "if hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {\n\ta()\n} else {\n\tb()\n}", "{ b() }", 1},
		{"an else if", "if hooks.Enabled {\n\ta()\n} else if n > 1 {\n\tb()\n} else {\n\tc()\n}", "if n > 1 { b() } else { c() }", 1},
		{"one in the else of another", "if hooks.Enabled {\n\ta()\n} else {\n\tif hooks.Enabled {\n\t\tb()\n\t}\n\tc()\n}", "{ c() }", 2},
		{"one in a case", "switch {\ncase n > 0:\n\tif hooks.Enabled {\n\t\ta()\n\t}\n\tb()\n}", "switch { case n > 0: b() }", 1},
		{"one in a function", "defer func() {\n\tif hooks.Enabled {\n\t\ta()\n\t}\n\tb()\n}()", "defer func() { b() }()", 1},
		{"one of one line", "if hooks.Enabled { a() }; b()", "; b()", 1},
		{"none", "a()", "a()", 0},
	} {
		out, removed, refusals := rewrite("file.go", []byte(inFunction(c.statements)))
		if len(refusals) > 0 {
			t.Errorf("%s: refused: %v", c.what, refusals)
			continue
		}
		body := string(out[strings.Index(string(out), "error {\n")+len("error {\n"):])
		if got := squeezed(strings.TrimSuffix(body, "}\n")); got != c.want || removed != c.removed {
			t.Errorf("%s: took out %d and left %q, want %d and %q", c.what, removed, got, c.removed, c.want)
		}
		if before := inFunction(c.statements); strings.Count(before, "\n") != strings.Count(string(out), "\n") {
			t.Errorf("%s: the number of lines changed", c.what)
		}
	}
}

func TestOtherUsesOfPackageHooksAreRefused(t *testing.T) {
	for what, statements := range map[string]string{
		"a condition that is not the first":   "if n > 0 && hooks.Enabled {\n\ta()\n}",
		"an or":                               "if hooks.Enabled || n > 0 {\n\ta()\n}",
		"a negation":                          "if !hooks.Enabled {\n\ta()\n}",
		"brackets":                            "if (hooks.Enabled && n > 0) {\n\ta()\n}",
		"an else that asks":                   "if n > 0 {\n\ta()\n} else if hooks.Enabled {\n\tb()\n}",
		"an else that asks behind one":        "if hooks.Enabled {\n\ta()\n} else if hooks.Enabled {\n\tb()\n}",
		"a statement before the condition":    "if err := a(); hooks.Enabled && err == nil {\n\tb()\n}",
		"a label":                             "again:\nif hooks.Enabled {\n\tgoto again\n}",
		"the constant as a value":             "on := hooks.Enabled\n_ = on",
		"a switch":                            "switch {\ncase hooks.Enabled:\n\ta()\n}",
		"a loop":                              "for hooks.Enabled {\n\ta()\n}",
		"a defect without the constant":       "if hooks.Planted(hooks.SyncSkipped) {\n\ta()\n}",
		"a point without the constant":        "_ = h.Reach(1, \"\")",
		"a point as a value":                  "p := hooks.FileRead\n_ = p",
		"a point in the else":                 "if hooks.Enabled {\n\ta()\n} else {\n\tb(hooks.FileRead)\n}",
		"a function that is given the points": "b(hooks.Points())",
	} {
		out, _, refusals := rewrite("file.go", []byte(inFunction(statements)))
		if len(refusals) == 0 || out != nil {
			t.Errorf("%s was not refused, it became\n%s", what, out)
		}
		for _, refusal := range refusals {
			if !strings.HasPrefix(refusal.Error(), "file.go:") {
				t.Errorf("%s: the refusal names no place: %v", what, refusal)
			}
		}
	}
}

func TestAFunctionThatWrapsAPointIsRefused(t *testing.T) {
	head := "package p\n\nimport \"" + hooksPath + "\"\n\n"
	for source, want := range map[string]string{
		"func reach(h *hooks.Set, p hooks.Point) {\n\tif hooks.Enabled {\n\t\t_ = h.Reach(p, \"\")\n\t}\n\ta()\n}\n":                 "hooks.Point outside",
		"func reach(h *hooks.Set) {\n\tif hooks.Enabled {\n\t\t_ = h.Reach(hooks.FileRead, \"\")\n\t}\n}\n":                          "nothing but",
		"func reach(h *hooks.Set) error {\n\tif hooks.Enabled {\n\t\treturn h.Reach(hooks.FileRead, \"\")\n\t}\n\treturn nil\n}\n":   "nothing but",
		"func planted() bool {\n\tif hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {\n\t\treturn true\n\t}\n\treturn false\n}\n": "nothing but",
	} {
		if _, _, refusals := rewrite("file.go", []byte(head+source)); len(refusals) != 1 || !strings.Contains(refusals[0].Error(), want) {
			t.Errorf("%s: got %v, want %q", source, refusals, want)
		}
	}
	source := "func wrap(h *hooks.Set, n int) int {\n\tif hooks.Enabled {\n\t\treturn 0\n\t}\n\treturn n\n}\n"
	if _, _, refusals := rewrite("file.go", []byte(head+source)); len(refusals) != 0 {
		t.Errorf("a function that does something else, too: got %v", refusals)
	}
}

func TestAReachInAFileThatDoesNotImportHooksIsRefused(t *testing.T) {
	source := "package p\n\nfunc f(o *options) { _ = o.hooks.Reach(1, \"\") }\n"
	if _, _, refusals := rewrite("file.go", []byte(source)); len(refusals) != 1 {
		t.Errorf("got %v", refusals)
	}
}

func TestImportsThatHideTheNameAreRefused(t *testing.T) {
	for _, name := range []string{".", "_"} {
		source := fmt.Sprintf("package p\n\nimport %s %q\n", name, hooksPath)
		if _, _, refusals := rewrite("file.go", []byte(source)); len(refusals) != 1 {
			t.Errorf("import %s: got %v", name, refusals)
		}
	}
}

func TestImportsThatNothingNeedsAnyMoreBecomeBlank(t *testing.T) {
	source := "package p\n\nimport (\n\t\"errors\"\n\t\"fmt\"\n\tinject \"" + hooksPath + "\"\n)\n\n" +
		"func f(h *inject.Set) {\n\tif inject.Enabled {\n\t\tfmt.Println(errors.New(\"a\"), h.Reach(inject.FileRead, \"\"))\n\t}\n\tg()\n}\n\n" +
		"func g() { fmt.Println() }\n"
	out, removed, refusals := rewrite("file.go", []byte(source))
	if len(refusals) > 0 || removed != 1 {
		t.Fatalf("took out %d, refused %v", removed, refusals)
	}
	want := "import ( _ \"errors\" \"fmt\" inject \"" + hooksPath + "\" )"
	if got := squeezed(string(out)); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}

	source = strings.Replace(source, "h *inject.Set", "h interface{ Reach(any, string) error }", 1)
	out, _, refusals = rewrite("file.go", []byte(source))
	if want := "import ( _ \"errors\" \"fmt\" _ \"" + hooksPath + "\" )"; len(refusals) > 0 || !strings.Contains(squeezed(string(out)), want) {
		t.Errorf("refused %v, got %s", refusals, out)
	}
}

func TestAFileThatTheTagDecidesAboutIsRefused(t *testing.T) {
	for _, head := range []string{
		"//go:build dangerous_test_hooks\n\n",
		"//go:build !dangerous_test_hooks\n\n",
		"// A comment.\n\n/* Another. */\n\n//go:build linux && !(race || dangerous_test_hooks)\n\n// And one more.\n",
		"// +build linux,!dangerous_test_hooks\n\n",
		"//go:build dangerous_test_hooks &&\n\n",
	} {
		_, _, refusals := rewrite("file.go", []byte(head+"package p\n\nvar inject = func() error { return nil }\n"))
		if len(refusals) != 1 || !strings.HasPrefix(refusals[0].Error(), "file.go:") || !strings.Contains(refusals[0].Error(), "build constraint") {
			t.Errorf("%q: got %v", head, refusals)
		}
	}
}

func TestWhatOnlyLooksLikeABuildConstraintChangesNothing(t *testing.T) {
	const line = "//go:build dangerous_test_hooks\n"
	point := inFunction("if hooks.Enabled {\n\ta()\n}\nb()")
	leak := inFunction("if !hooks.Enabled {\n\ta()\n}\nb()")
	for what, around := range map[string][2]string{
		"behind the package clause":             {"", line},
		"in a comment behind it":                {"", "/*\n" + line + "*/\n"},
		"in a text behind it":                   {"", "const text = `\n" + line + "`\n"},
		"in a comment before it":                {"/*\n" + line + "*/\n", ""},
		"of another tag":                        {"//go:build !no_dangerous_test_hooks\n\n", ""},
		"of another tag, and one in a comment":  {"//go:build linux\n\n", "/*\n" + line + "*/\n"},
		"in a sentence before it":               {"// Not " + line + "\n", ""},
		"behind it, and the name of one before": {"// dangerous_test_hooks\n\n", line},
	} {
		if _, removed, refusals := rewrite("file.go", []byte(around[0]+point+around[1])); removed != 1 || len(refusals) != 0 {
			t.Errorf("%s: took out %d, refused %v", what, removed, refusals)
		}
		if _, _, refusals := rewrite("file.go", []byte(around[0]+leak+around[1])); len(refusals) != 1 {
			t.Errorf("%s: another form was not refused: %v", what, refusals)
		}
	}
}

func TestWhatIsNoGoIsAnError(t *testing.T) {
	if _, _, refusals := rewrite("file.go", []byte("package")); len(refusals) != 1 {
		t.Errorf("got %v", refusals)
	}
}
