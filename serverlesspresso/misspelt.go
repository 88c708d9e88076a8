package serverlesspresso

import (
	"strings"
)

// nearly reports whether a name is probably a known one misspelt: by one or two letters, in a short name by one.
func nearly(name, known string) bool {
	slips := 2
	if len(known) <= len("icon") {
		slips = 1
	}
	return distance(strings.ToLower(name), strings.ToLower(known)) <= slips
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
