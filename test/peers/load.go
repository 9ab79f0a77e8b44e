package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"sync"
	"time"
)

// runLoad measures one URL: -c connections, one request after the other on each, for -seconds. With -once it reads a
// single answer and reports bytes per second. Latencies are kept whole: percentiles are exact.
func runLoad(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	url := flags.String("url", "", "https URL")
	caFile := flags.String("ca", "", "PEM file that the server is verified with")
	bearer := flags.String("bearer-env", "", "environment variable that holds the bearer token")
	connections := flags.Int("c", 1, "connections")
	seconds := flags.Float64("seconds", 5, "duration")
	once := flags.Bool("once", false, "one request, throughput of its body")
	_ = flags.Parse(args)

	pem, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool},
		MaxIdleConnsPerHost: *connections,
		DisableCompression:  true,
	}}
	get := func() (int64, error) {
		request, err := http.NewRequest(http.MethodGet, *url, nil)
		if err != nil {
			return 0, err
		}
		if *bearer != "" {
			request.Header.Set("Authorization", "Bearer "+os.Getenv(*bearer))
		}
		answer, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		defer answer.Body.Close()
		count, err := io.Copy(io.Discard, answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("HTTP %d", answer.StatusCode)
		}
		return count, err
	}
	if *once {
		start := time.Now()
		count, err := get()
		if err != nil {
			return err
		}
		say(map[string]any{"event": "done", "bytes": count, "seconds": time.Since(start).Seconds()})
		return nil
	}

	var mutex sync.Mutex
	var latencies []time.Duration
	failures := 0
	var workers sync.WaitGroup
	start := time.Now()
	deadline := start.Add(time.Duration(*seconds * float64(time.Second)))
	for range *connections {
		workers.Go(func() {
			var own []time.Duration
			bad := 0
			for time.Now().Before(deadline) {
				began := time.Now()
				if _, err := get(); err != nil {
					bad++
					time.Sleep(10 * time.Millisecond)
					continue
				}
				own = append(own, time.Since(began))
			}
			mutex.Lock()
			defer mutex.Unlock()
			latencies = append(latencies, own...)
			failures += bad
		})
	}
	workers.Wait()
	elapsed := time.Since(start).Seconds()
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	say(map[string]any{
		"event": "done", "requests": len(latencies), "failures": failures, "seconds": elapsed,
		"p50ms": percentile(latencies, 0.50), "p99ms": percentile(latencies, 0.99),
	})
	return nil
}

func percentile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(float64(len(sorted)-1)*share)].Microseconds()) / 1000
}
