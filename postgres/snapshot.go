package postgres

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// snapshot says which transactions can be seen: PostgreSQL's pg_snapshot. Orders whose change can be seen in a later
// one and not in an earlier one are those that changed between the two, in whatever order the transactions began and
// were committed.
type snapshot struct {
	// Every transaction before min can be seen, and none from max on.
	min, max uint64
	// running are those between the two that cannot be seen, in their order.
	running []uint64
}

var errSnapshot = errors.New("not a snapshot")

func parseSnapshot(text string) (s snapshot, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return snapshot{}, errSnapshot
	}
	numbers := parts[:2:2]
	if parts[2] != "" {
		numbers = append(numbers, strings.Split(parts[2], ",")...)
	}
	all := make([]uint64, len(numbers))
	for i, number := range numbers {
		if all[i], err = strconv.ParseUint(number, 10, 63); err != nil {
			return snapshot{}, err
		}
	}
	s = snapshot{all[0], all[1], all[2:]}
	first, last := slices.MinFunc(s.bounded(), cmp.Compare[uint64]), slices.Max(s.bounded())
	if s.min == 0 || s.max < s.min || !slices.IsSorted(s.running) || first < s.min || last > s.max {
		return snapshot{}, errSnapshot
	}
	return s, nil
}

// bounded are the numbers that must lie between its ends.
func (s snapshot) bounded() []uint64 { return append([]uint64{s.min}, s.running...) }

// before is the snapshot as far as the transactions before a number go.
func (s snapshot) before(number uint64) snapshot {
	i, _ := slices.BinarySearch(s.running, number)
	return snapshot{min(s.min, number), min(s.max, number), s.running[:i]}
}

func (s snapshot) String() string {
	var b strings.Builder
	b.WriteString(strconv.FormatUint(s.min, 10) + ":" + strconv.FormatUint(s.max, 10) + ":")
	for i, number := range s.running {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(number, 10))
	}
	return b.String()
}
