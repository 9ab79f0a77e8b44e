package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// tally gathers what several connections measured.
type tally struct {
	mutex     sync.Mutex
	latencies []time.Duration
	failures  int
	problem   string
}

func (t *tally) add(latencies []time.Duration, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.latencies = append(t.latencies, latencies...)
	if err != nil {
		t.failures++
		t.problem = err.Error()
	}
}

// loadWatches reads stamps on so many connections at once. A latency is from the moment of writing to that of reading,
// by the one clock of this machine.
func loadWatches(client *http.Client, url string, header http.Header, connections int, duration time.Duration) error {
	var all tally
	var workers sync.WaitGroup
	start := time.Now()
	for range connections {
		workers.Go(func() { all.add(watchStamps(client, url, header, duration)) })
	}
	workers.Wait()
	report(&all, time.Since(start))
	return nil
}

func watchStamps(client *http.Client, url string, header http.Header, duration time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header = header.Clone()
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	var latencies []time.Duration
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		written, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(time.Unix(0, written)))
	}
	if ctx.Err() == nil {
		return latencies, fmt.Errorf("the stream ended: %v", lines.Err())
	}
	return latencies, nil
}

// loadEchoes sends a key stroke and waits for it to come back, again and again, on so many WebSockets at once.
func loadEchoes(trust *tls.Config, url string, header http.Header, connections int, duration time.Duration) error {
	dialer := &websocket.Dialer{TLSClientConfig: trust, HandshakeTimeout: 10 * time.Second}
	var all tally
	var workers sync.WaitGroup
	start := time.Now()
	for range connections {
		workers.Go(func() { all.add(echoKeys(dialer, url, header, start.Add(duration))) })
	}
	workers.Wait()
	report(&all, time.Since(start))
	return nil
}

func echoKeys(dialer *websocket.Dialer, url string, header http.Header, deadline time.Time) ([]time.Duration, error) {
	socket, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http"), header)
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	var latencies []time.Duration
	for time.Now().Before(deadline) {
		began := time.Now()
		if err := socket.WriteMessage(websocket.BinaryMessage, []byte{0, 'x'}); err != nil {
			return latencies, err
		}
		if _, _, err := socket.ReadMessage(); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(began))
	}
	return latencies, nil
}
