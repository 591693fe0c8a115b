// Command openapi holds the answers of the sandbox's PortOne against PortOne's own OpenAPI files, which are not part of
// this repository: make openapi-check OPENAPI=folder. It prints what differs, and exits with 1 when anything does.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	folder := flag.String("files", "", "folder of portone-v1.openapi.json and portone-v2.openapi.json")
	flag.Parse()
	same, err := run(*folder, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

// run drives both stand-ins and says whether they answer as the files say.
func run(folder string, out io.Writer) (same bool, err error) {
	same = true
	excused := known()
	for _, x := range []struct {
		name, file, prefix string
		drive              func(*driver)
	}{
		{"PortOne V1", "portone-v1.openapi.json", "/portone/v1", driveV1},
		{"PortOne V2", "portone-v2.openapi.json", "/portone/v2", driveV2},
	} {
		s, err := load(filepath.Join(folder, x.file))
		if err != nil {
			return false, err
		}
		d := newDriver(s, x.prefix)
		x.drive(d)
		d.server.Close()
		slices.Sort(d.differences)
		all := slices.DeleteFunc(slices.Compact(d.differences), func(difference string) bool {
			why, ok := excused[difference]
			if ok {
				fmt.Fprintf(out, "known: %s: %s\n", difference, why)
				delete(excused, difference)
			}
			return ok
		})
		fmt.Fprintf(out, "%s: %d operations, %d answers, %d differences\n", x.name, len(d.asked), d.answers, len(all))
		for _, difference := range all {
			fmt.Fprintf(out, "  %s\n", difference)
		}
		same = same && len(all) == 0
	}
	for difference := range excused {
		fmt.Fprintf(out, "known, but not met any more: %s\n", difference)
		same = false
	}
	return same, nil
}
