package postgres

import "testing"

func TestASnapshotBeforeATransactionSeesWhatTheOtherSeesBeforeIt(t *testing.T) {
	for _, c := range []struct {
		text   string
		number uint64
		want   string
	}{
		{"10:20:10,12,15", 13, "10:13:10,12"},
		{"10:20:10,12,15", 12, "10:12:10"},
		{"10:20:10,12,15", 10, "10:10:"},
		{"10:20:10,12,15", 5, "5:5:"},
		{"10:20:10,12,15", 25, "10:20:10,12,15"},
		{"20:20:", 15, "15:15:"},
	} {
		s, err := parseSnapshot(c.text)
		if err != nil || s.String() != c.text {
			t.Errorf("%s was read as %s, %v", c.text, s, err)
		}
		if got := s.before(c.number).String(); got != c.want {
			t.Errorf("%s before %d is %s, it must be %s", c.text, c.number, got, c.want)
		}
	}
}

func TestAPositionWithManyRunningTransactionsIsShort(t *testing.T) {
	p := position{table: "t", seen: snapshot{min: 100, max: 1000}}
	for n := range mostRunning + 1 {
		if n == mostRunning && len(p.String()) < 4*mostRunning {
			t.Errorf("it is short already with %d: %s", n, p)
		}
		p.seen.running = append(p.seen.running, uint64(100+n))
	}
	if got := p.String(); got != "t-100:100:" {
		t.Error(got)
	}
}
