// Files of baselines: what is written is read again, what is none is refused in words, what fails leaves the old one.

package baseline

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func saved(t *testing.T, d Directory, name string) (*Baseline, string) {
	t.Helper()
	b := &Baseline{Name: name, Commit: "abc", Passes: around(rand.New(rand.NewPCG(1, 7)), 2, 1, 0.1, nil)}
	path, err := d.Save(b)
	if err != nil {
		t.Fatal(err)
	}
	return b, path
}

func TestWhatIsSavedIsLoadedAgainAndListed(t *testing.T) {
	d := Directory(t.TempDir() + "/new")
	if names, err := d.Names(); err != nil || len(names) != 0 {
		t.Errorf("without a directory: %q, %v", names, err)
	}
	if err := d.Writable(); err != nil {
		t.Fatal(err)
	}
	b, _ := saved(t, d, "b.1")
	saved(t, d, "a")
	read, err := d.Load("b.1")
	if err != nil || read.Commit != "abc" || len(read.Passes) != 2 || read.Passes[1].Results[0].Value != b.Passes[1].Results[0].Value {
		t.Errorf("read %+v, %v", read, err)
	}
	if names, err := d.Names(); err != nil || !slices.Equal(names, []string{"a", "b.1"}) {
		t.Errorf("names %q, %v", names, err)
	}
	var unknown *UnknownError
	if _, err := d.Load("c"); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "a, b.1") {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestReplacingFollowsLinksAndRefusesWhatIsNoOrdinaryFile(t *testing.T) {
	directory := t.TempDir()
	target, link := filepath.Join(directory, "target"), filepath.Join(directory, "link")
	if err := errors.Join(os.WriteFile(target, []byte("old"), 0o600), os.Symlink("target", link)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("new")); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(target)
	if to, broken := os.Readlink(link); err != nil || string(text) != "new" || broken != nil || to != "target" {
		t.Errorf("%q, %v behind a link to %q, %v", text, err, to, broken)
	}
	for _, path := range []string{os.DevNull, directory} {
		if err := Replace(path, nil); err == nil || !strings.Contains(err.Error(), "no ordinary file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestACopiedFileIsTheBaselineOfItsNewName(t *testing.T) {
	d := Directory(t.TempDir())
	_, path := saved(t, d, "a")
	text, err := os.ReadFile(path)
	if err := errors.Join(err, os.WriteFile(d.path("b"), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if b, err := d.Load("b"); err != nil || b.Name != "b" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestNamesThatCouldLeadElsewhereAreRefused(t *testing.T) {
	d := Directory(t.TempDir())
	for _, name := range []string{"", ".a", "..", "a/b", "a b", "ä", strings.Repeat("a", 65), "a\n"} {
		var refused *NameError
		if _, err := d.Load(name); !errors.As(err, &refused) {
			t.Errorf("%q is loaded: %v", name, err)
		}
		if _, err := d.Save(&Baseline{Name: name}); !errors.As(err, &refused) {
			t.Errorf("%q is saved: %v", name, err)
		}
	}
	if err := CheckName(strings.Repeat("a", 64)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoBaselineIsRefusedInWords(t *testing.T) {
	d := Directory(t.TempDir())
	_, path := saved(t, d, "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(whole)
	for content, want := range map[string]string{
		"":                                       "it is empty",
		text[:len(text)/2]:                       "its end is missing",
		"hello":                                  "it is not the JSON of one",
		"[]":                                     "it is not the JSON of one",
		"{}":                                     "it does not say its format",
		text + "x":                               "something follows",
		text + "}":                               "something follows",
		`{"format": 2}`:                          "its format is 2",
		`{"format": 1}`:                          "it has no passes",
		`{"format":1,"passes":[{"results":[]}]}`: "pass 1 has no results",
		`{"format":1,"passes":7}`:                "it does not hold what its format says",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var refused *FileError
		if _, err := d.Load("a"); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%.30q: %v, want %q", content, err, want)
		}
	}
	if err := os.Mkdir(d.path("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("folder"); err == nil || !strings.Contains(err.Error(), "no ordinary file") {
		t.Errorf("a directory: %v", err)
	}
}

func TestAPlaceThatIsNoneIsRefusedBeforeAnythingIsMeasured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Directory(file).Writable(); err == nil || !strings.Contains(err.Error(), "no place for baselines") {
		t.Errorf("a file: %v", err)
	}
}

func TestAFileThatCannotTakeItsNameLeavesNothing(t *testing.T) {
	directory := t.TempDir()
	if err := os.MkdirAll(directory+"/taken/inside", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(directory+"/taken", []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestWhatNoRunCouldHaveSavedIsRefusedWithFileAndField(t *testing.T) {
	d := Directory(t.TempDir())
	_, path := saved(t, d, "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"duration":0`, `"duration":-5000000000`, "options.duration is -5s"},
		{`"duration":0`, `"duration":4600000000000`, "options.duration is 1h16m40s"},
		{`"surface":""`, `"surface":"square"`, `options.surface is "square"`},
		{`"Rate":0`, `"Rate":-5`, "options.load: "},
		{`"rows":null`, `"rows":["P1\u001b[2J"]`, `options.rows is "P1\x1b[2J"`},
		{`"commit":"abc"`, `"commit":"\u001b]0;x\u0007"`, `commit is "\x1b]0;x\a"`},
		{`"name":"append"`, `"name":"app\u001b[31mend"`, `a result's name is "app\x1b[31mend"`},
	} {
		spoilt := strings.Replace(string(whole), c.old, c.new, 1)
		if spoilt == string(whole) {
			t.Errorf("%s is not in the file: %.600s", c.old, whole)
			continue
		}
		if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Load("a")
		var refused *FileError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

func TestABaselineHasTheNameOfItsFileWhateverStandsInIt(t *testing.T) {
	d := Directory(t.TempDir())
	_, path := saved(t, d, "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hostile := strings.Replace(string(whole), `"name":"a"`, `"name":"\u001b[2J"`, 1)
	if err := os.WriteFile(filepath.Join(string(d), "copy.json"), []byte(hostile), 0o600); err != nil || hostile == string(whole) {
		t.Fatal(err, "or the name is not in the file")
	}
	if b, err := d.Load("copy"); err != nil || b.Name != "copy" {
		t.Errorf("%+v, %v", b, err)
	}
}
