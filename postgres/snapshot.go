package postgres

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// snapshot is PostgreSQL's pg_snapshot: which transactions are visible. The orders that changed between two snapshots
// are those whose change is visible only in the later one, whatever the order of transactions.
type snapshot struct {
	// Every transaction before min is visible, and none from max on.
	min, max uint64
	// running are the invisible ones in between, in order.
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

// bounded returns the ids that must be between min and max.
func (s snapshot) bounded() []uint64 { return append([]uint64{s.min}, s.running...) }

// before returns the snapshot limited to transactions before an id.
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
