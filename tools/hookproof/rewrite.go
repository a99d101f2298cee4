// Taking fault injection out of a source file, and refusing what is not in the form that can be taken out.

package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
)

// hooksPath is the import path of package hooks.
const hooksPath = "github.com/batpak/batpak/hooks"

// rewriting is one file on its way.
type rewriting struct {
	files    *token.FileSet
	source   []byte // as it was
	out      []byte // as it becomes: as long as source until the imports are blanked
	local    string // what the file calls package hooks; "": it does not import it
	parents  []ast.Node
	removed  int
	refusals []error
}

// rewrite returns the source without the statements that ask for fault injection, every other line where it was, and how
// many statements that were. Each use of package hooks in another form is one of the refusals, and a build constraint that
// mentions the tag is; the source is nil then.
func rewrite(name string, source []byte) (out []byte, removed int, refusals []error) {
	r := &rewriting{files: token.NewFileSet(), source: source, out: bytes.Clone(source)}
	file, err := parser.ParseFile(r.files, name, source, parser.ParseComments)
	if err != nil {
		return nil, 0, []error{err}
	}
	r.refuseConstraints(file)
	for _, spec := range file.Imports {
		if importPath(spec) != hooksPath {
			continue
		}
		if r.local = localName(spec); r.local == "." || r.local == "_" {
			r.refuse(spec, "package hooks is imported as %s", r.local)
		}
	}
	ast.Inspect(file, r.visit)
	if len(r.refusals) > 0 {
		return nil, 0, r.refusals
	}
	if r.removed > 0 {
		if err := r.blankImports(file); err != nil {
			return nil, 0, []error{err}
		}
	}
	return r.out, r.removed, nil
}

func (r *rewriting) refuse(at ast.Node, format string, args ...any) {
	r.refusals = append(r.refusals, fmt.Errorf("%v: %s", r.files.Position(at.Pos()), fmt.Sprintf(format, args...)))
}

// refuseConstraints refuses a file that the tag decides about: what such a file holds in the ordinary build would be in
// all that is compared. A build constraint is a comment of its own before the package clause; behind it, and within
// another comment, the same text is none.
func (r *rewriting) refuseConstraints(file *ast.File) {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() < file.Package && constrains(comment.Text) {
				r.refuse(comment, "the build constraint mentions %s, which only those of package hooks may: put an if that begins with hooks.Enabled where the builds are to differ", tag)
			}
		}
	}
}

// visit looks at one node. It does not go into what is taken out.
func (r *rewriting) visit(n ast.Node) bool {
	if n == nil {
		r.parents = r.parents[:len(r.parents)-1]
		return true
	}
	switch n := n.(type) {
	case *ast.BlockStmt:
		if r.local != "" && r.isWrapper(n) {
			r.refuse(n, "the function does nothing but ask for fault injection: calls of it would leave traces, put the if in their place")
		}
	case *ast.IfStmt:
		if r.local != "" && r.asks(n) {
			r.remove(n)
			return false
		}
	case *ast.SelectorExpr:
		switch {
		case r.isHooks(n.X):
			if n.Sel.Name != "Set" {
				r.refuse(n, "%s.%s outside of an if that begins with %[1]s.Enabled", r.local, n.Sel.Name)
			}
		case n.Sel.Name == "Reach":
			r.refuse(n, "Reach outside of an if that begins with hooks.Enabled")
		}
	}
	r.parents = append(r.parents, n)
	return true
}

// isHooks reports whether the expression is the name of package hooks.
func (r *rewriting) isHooks(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && r.local != "" && name.Name == r.local && name.Obj == nil
}

// asks reports whether the condition of an if is hooks.Enabled or begins with it and goes on with &&.
func (r *rewriting) asks(n *ast.IfStmt) bool {
	condition := n.Cond
	for {
		and, ok := condition.(*ast.BinaryExpr)
		if !ok || and.Op != token.LAND {
			break
		}
		condition = and.X
	}
	enabled, ok := condition.(*ast.SelectorExpr)
	return ok && enabled.Sel.Name == "Enabled" && r.isHooks(enabled.X)
}

// isWrapper reports whether a block is the body of a function of which nothing is left.
func (r *rewriting) isWrapper(body *ast.BlockStmt) bool {
	switch r.parents[len(r.parents)-1].(type) {
	case *ast.FuncDecl, *ast.FuncLit:
	default:
		return false
	}
	asks := false
	for _, statement := range body.List {
		switch statement := statement.(type) {
		case *ast.IfStmt:
			if !r.asks(statement) || statement.Else != nil {
				return false
			}
			asks = true
		case *ast.ReturnStmt:
			if slices.ContainsFunc(statement.Results, varies) {
				return false
			}
		default:
			return false
		}
	}
	return asks
}

// varies reports whether an expression is not nil, true, false or a literal.
func varies(e ast.Expr) bool {
	if name, ok := e.(*ast.Ident); ok {
		return name.Obj != nil
	}
	_, literal := e.(*ast.BasicLit)
	return !literal
}

// remove blanks an if, up to its else branch.
func (r *rewriting) remove(n *ast.IfStmt) {
	switch parent := r.parents[len(r.parents)-1].(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	case *ast.IfStmt:
		r.refuse(n, "an else branch asks for fault injection, put that if into a block of its own")
		return
	default:
		r.refuse(n, "%T asks for fault injection, put that if into a block of its own", parent)
		return
	}
	if n.Init != nil {
		r.refuse(n, "the if has a statement before its condition, which would be carried out without fault injection too")
		return
	}
	r.removed++
	if n.Else == nil {
		r.blank(n.Pos(), n.End())
		return
	}
	r.blank(n.Pos(), n.Else.Pos())
	r.parents = append(r.parents, n)
	ast.Inspect(n.Else, r.visit)
	r.parents = r.parents[:len(r.parents)-1]
}

// blank replaces all but the ends of lines by spaces.
func (r *rewriting) blank(from, to token.Pos) {
	for i := r.files.Position(from).Offset; i < r.files.Position(to).Offset; i++ {
		if r.out[i] != '\n' {
			r.out[i] = ' '
		}
	}
}

// blankImports makes imports blank that nothing uses any more: their packages stay part of the program, as they are
// without the rewriting.
func (r *rewriting) blankImports(before *ast.File) error {
	after, err := parser.ParseFile(r.files, "rewritten "+r.files.Position(before.Pos()).Filename, r.out, parser.ParseComments)
	if err != nil {
		return err
	}
	used, still := packagesUsed(before), packagesUsed(after)
	specs := slices.Clone(after.Imports)
	slices.Reverse(specs) // so that offsets before the one that changes hold
	for _, spec := range specs {
		name := localName(spec)
		if !used[name] || still[name] {
			continue
		}
		from, to := r.files.Position(spec.Path.Pos()).Offset, r.files.Position(spec.Path.Pos()).Offset
		if spec.Name != nil {
			from = r.files.Position(spec.Name.Pos()).Offset
		}
		r.out = slices.Concat(r.out[:from], []byte("_ "), r.out[to:])
	}
	return nil
}

// packagesUsed returns the names that are selected from and are not declared in the file.
func packagesUsed(file *ast.File) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && name.Obj == nil {
				used[name.Name] = true
			}
		}
		return true
	})
	return used
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
	return p
}

// localName returns what the file calls an import. Without a name of its own that is taken to be the path's last element,
// which holds for the module's packages and the standard library, but for versions.
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(importPath(spec))
}
