package main

import (
	"sort"
	"sync"
	"time"
)

// samples keeps every duration whole: percentiles are exact.
type samples struct {
	mutex     sync.Mutex
	durations []time.Duration
	sorted    bool
}

func (s *samples) add(durations ...time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.durations = append(s.durations, durations...)
	s.sorted = false
}

func (s *samples) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.durations)
}

// percentile is in milliseconds; 0 when there is no sample.
func (s *samples) percentile(share float64) float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.durations) == 0 {
		return 0
	}
	if !s.sorted {
		sort.Slice(s.durations, func(a, b int) bool { return s.durations[a] < s.durations[b] })
		s.sorted = true
	}
	return float64(s.durations[int(float64(len(s.durations)-1)*share)].Microseconds()) / 1000
}
