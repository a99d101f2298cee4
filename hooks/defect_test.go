// The list of planted defects: complete, and documented in the same words twice.

package hooks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"testing"
)

func TestEveryDefectHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, d := range Defects() {
		name := d.String()
		if seen[name] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(name) {
			t.Errorf("defect %d is called %q", d, name)
		}
		seen[name] = true
	}
}

func TestWhatIsNoDefectHasNoName(t *testing.T) {
	for d, want := range map[Defect]string{0: "Defect(0)", 255: "Defect(255)"} {
		if d.String() != want || d.Does() != "" {
			t.Errorf("%q %q, want %q", d.String(), d.Does(), want)
		}
	}
}

// TestADefectDoesWhatItsDocumentationSays compares the comments of the constants with the texts of the table.
func TestADefectDoesWhatItsDocumentationSays(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "defect.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var next Defect
	ast.Inspect(file, func(n ast.Node) bool {
		group, ok := n.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST || !group.Lparen.IsValid() {
			return true
		}
		for _, spec := range group.Specs {
			next++
			constant := spec.(*ast.ValueSpec)
			want := constant.Names[0].Name + ": " + next.Does() + ".\n"
			if got := constant.Doc.Text(); got != want {
				t.Errorf("documented as %q, want %q", got, want)
			}
		}
		return false
	})
	if int(next) != len(Defects()) {
		t.Errorf("%d constants, %d defects", next, len(Defects()))
	}
}
