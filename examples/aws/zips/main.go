// Command zips packs one executable into a zip for the runtime provided.al2023, where it has to be called bootstrap.
// The same executable makes the same zip, byte for byte.
//
//	zips BINARY FILE.zip
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: zips BINARY FILE.zip")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// epoch is the time of every file: the earliest that a zip can have.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func pack(binary, into string) (err error) {
	from, err := os.Open(binary) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(into) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	defer func() {
		if closed := to.Close(); err == nil {
			err = closed
		}
	}()
	archive := zip.NewWriter(to)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o755)
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, from); err != nil {
		return err
	}
	return archive.Close()
}
