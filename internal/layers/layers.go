// Command layers prints the circles between the files of a package: files that use each other's names, directly or
// through others. A package without a circle can be read from one end to the other. It exits with 1 if there is one.
//
//	go run ./internal/layers ./...
package main

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	found, err := circles(os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "layers:", err)
		os.Exit(2)
	}
	for _, c := range found {
		fmt.Println(c)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// use is a name of a file that another file uses.
type use struct {
	name string
	at   token.Position
}

// graph has the uses within a package: by using file, then by used file.
type graph map[string]map[string][]use

// circle is a set of files that can all reach each other.
type circle struct {
	pkg   string
	files []string
	uses  graph
}

// String lists the files and, for each pair that uses each other within the circle, a few of the names.
func (c circle) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d files in a circle: %s\n", c.pkg, len(c.files), strings.Join(c.files, " "))
	for _, from := range c.files {
		for _, to := range c.files {
			if uses := c.uses[from][to]; from != to && len(uses) > 0 {
				fmt.Fprintf(&b, "\t%s -> %s: %s\n", from, to, some(uses))
			}
		}
	}
	return b.String()
}

// some returns the first few distinct names, each with the line of its first use.
func some(uses []use) string {
	const few = 6
	var names []string
	seen := map[string]bool{}
	for _, u := range uses {
		if !seen[u.name] {
			seen[u.name] = true
			names = append(names, fmt.Sprintf("%s (line %d)", u.name, u.at.Line))
		}
	}
	if more := len(names) - few; more > 0 {
		names = append(names[:few], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// circles loads the packages that match the patterns, without their tests, and returns their circles.
func circles(patterns ...string) ([]circle, error) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo |
			packages.NeedImports | packages.NeedDeps,
	}, patterns...)
	if err != nil {
		return nil, err
	}
	var found []circle
	for _, pkg := range loaded {
		if len(pkg.Errors) > 0 {
			return nil, pkg.Errors[0]
		}
		uses := usesOf(pkg)
		for _, files := range components(uses) {
			found = append(found, circle{pkg.PkgPath, files, uses})
		}
	}
	return found, nil
}

// usesOf finds what each file uses of the others: the package's types, functions, methods, fields, variables and
// constants.
func usesOf(pkg *packages.Package) graph {
	g := graph{}
	for ident, object := range pkg.TypesInfo.Uses {
		if object.Pkg() != pkg.Types || !lasting(object) {
			continue
		}
		at := pkg.Fset.Position(ident.Pos())
		from, to := filepath.Base(at.Filename), filepath.Base(pkg.Fset.Position(object.Pos()).Filename)
		if from == to {
			continue
		}
		if g[from] == nil {
			g[from] = map[string][]use{}
		}
		g[from][to] = append(g[from][to], use{object.Name(), at})
	}
	for _, used := range g {
		for _, uses := range used {
			slices.SortFunc(uses, func(a, b use) int { return a.at.Offset - b.at.Offset })
		}
	}
	return g
}

// lasting reports whether an object is declared outside functions: local ones cannot be used by other files.
func lasting(object types.Object) bool {
	if v, ok := object.(*types.Var); ok && v.IsField() {
		return true
	}
	if f, ok := object.(*types.Func); ok && f.Signature().Recv() != nil {
		return true
	}
	return object.Parent() == object.Pkg().Scope()
}

// components returns the strongly connected components of two or more files, each sorted.
func components(g graph) [][]string {
	reach := map[string]map[string]bool{}
	for from := range g {
		reach[from] = map[string]bool{}
		var visit func(string)
		visit = func(file string) {
			for to := range g[file] {
				if !reach[from][to] {
					reach[from][to] = true
					visit(to)
				}
			}
		}
		visit(from)
	}
	var found [][]string
	placed := map[string]bool{}
	for _, from := range slices.Sorted(maps.Keys(g)) {
		if placed[from] || !reach[from][from] {
			continue
		}
		var files []string
		for _, to := range slices.Sorted(maps.Keys(reach[from])) {
			if reach[to][from] {
				placed[to] = true
				files = append(files, to)
			}
		}
		found = append(found, files)
	}
	return found
}
