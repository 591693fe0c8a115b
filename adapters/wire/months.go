package wire

import "strconv"

// maxMonths is the longest plan of instalments that a PG offers, in months.
const maxMonths = 60

// Months reads the plan of instalments of an answer, in months. What is no such number tells nothing, and is 0: a
// payment must not fail over how a PG writes a lump sum.
func Months(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxMonths {
		return 0
	}
	return n
}
