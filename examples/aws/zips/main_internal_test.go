package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestPack_makesTheSameBytesOfTheSameBinary(t *testing.T) {
	dir := t.TempDir()
	var zips [2][]byte
	for i, name := range []string{"one", "two"} {
		// Neither the name of the binary nor who may run it shows.
		binary, into := filepath.Join(dir, name), filepath.Join(dir, name+".zip")
		if err := os.WriteFile(binary, []byte("#!/bin/true"), os.FileMode(0o600+0o100*i)); err != nil {
			t.Fatal(err)
		}
		if err := pack(binary, into); err != nil {
			t.Fatal(err)
		}
		var err error
		if zips[i], err = os.ReadFile(into); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(zips[0], zips[1]) {
		t.Error("the zips differ")
	}
	archive, err := zip.NewReader(bytes.NewReader(zips[0]), int64(len(zips[0])))
	if err != nil {
		t.Fatal(err)
	}
	if file := archive.File[0]; len(archive.File) != 1 || file.Name != "bootstrap" || file.Mode() != 0o755 {
		t.Errorf("the zip has %s, mode %v", file.Name, file.Mode())
	}
}
