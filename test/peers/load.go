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
// single answer and reports bytes per second, with -upload it sends a body of so many bytes. With -watch, each connection
// reads lines of /api/stamps, and how late they come is measured; with -ws, echoes of a WebSocket. Latencies are kept
// whole: percentiles are exact.
func runLoad(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	url := flags.String("url", "", "https URL")
	caFile := flags.String("ca", "", "PEM file that the server is verified with")
	bearer := flags.String("bearer-env", "", "environment variable that holds the bearer token")
	connections := flags.Int("c", 1, "connections")
	seconds := flags.Float64("seconds", 5, "duration")
	once := flags.Bool("once", false, "one request, throughput of its body")
	upload := flags.Int64("upload", 0, "one POST of so many bytes")
	watch := flags.Bool("watch", false, "read stamps")
	ws := flags.Bool("ws", false, "echoes of a WebSocket")
	_ = flags.Parse(args)

	var trust *tls.Config
	if *caFile != "" {
		pem, err := os.ReadFile(*caFile)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		trust = &tls.Config{RootCAs: pool}
	}
	header := http.Header{}
	if *bearer != "" {
		header.Set("Authorization", "Bearer "+os.Getenv(*bearer))
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:     trust,
		MaxIdleConnsPerHost: *connections,
		DisableCompression:  true,
	}}
	duration := time.Duration(*seconds * float64(time.Second))
	switch {
	case *watch:
		return loadWatches(client, *url, header, *connections, duration)
	case *ws:
		return loadEchoes(trust, *url, header, *connections, duration)
	}
	get := func() (int64, error) {
		method, body := http.MethodGet, io.Reader(nil)
		if *upload > 0 {
			method, body = http.MethodPost, io.LimitReader(&pattern{}, *upload)
		}
		request, err := http.NewRequest(method, *url, body)
		if err != nil {
			return 0, err
		}
		if *upload > 0 {
			request.ContentLength = *upload
		}
		request.Header = header.Clone()
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
	if *once || *upload > 0 {
		start := time.Now()
		count, err := get()
		if err != nil {
			return err
		}
		say(map[string]any{"event": "done", "bytes": count, "seconds": time.Since(start).Seconds()})
		return nil
	}

	var all tally
	var workers sync.WaitGroup
	start := time.Now()
	deadline := start.Add(duration)
	for range *connections {
		workers.Go(func() {
			var own []time.Duration
			for time.Now().Before(deadline) {
				began := time.Now()
				if _, err := get(); err != nil {
					all.add(nil, err)
					time.Sleep(10 * time.Millisecond)
					continue
				}
				own = append(own, time.Since(began))
			}
			all.add(own, nil)
		})
	}
	workers.Wait()
	report(&all, time.Since(start))
	return nil
}

func report(all *tally, elapsed time.Duration) {
	latencies := all.latencies
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	say(map[string]any{
		"event": "done", "requests": len(latencies), "failures": all.failures, "problem": all.problem,
		"seconds": elapsed.Seconds(), "p50ms": percentile(latencies, 0.50), "p99ms": percentile(latencies, 0.99),
	})
}

func percentile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(float64(len(sorted)-1)*share)].Microseconds()) / 1000
}
