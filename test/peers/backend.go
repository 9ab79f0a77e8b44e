package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// backend is the small HTTP server behind a tunnel: it answers, streams, echoes and tells what it received.
func backend() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "pong") })
	// What the cluster's lifecycle asks, so that it becomes Active.
	mux.HandleFunc("/readyz", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	mux.HandleFunc("/version", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"gitVersion":"v1.36.0"}`)
	})
	mux.HandleFunc("/apis/rbac.authorization.k8s.io/", func(rw http.ResponseWriter, req *http.Request) {
		status := http.StatusNotFound
		if req.Method == http.MethodPost {
			status = http.StatusCreated
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, "{}")
	})
	mux.HandleFunc("/api/request", func(rw http.ResponseWriter, req *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{
			"method": req.Method, "uri": req.RequestURI, "host": req.Host, "header": req.Header,
		})
	})
	mux.HandleFunc("/api/goroutines", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, strconv.Itoa(runtime.NumGoroutine()))
	})
	mux.HandleFunc("/api/small", func(rw http.ResponseWriter, req *http.Request) {
		size, _ := strconv.Atoi(req.URL.Query().Get("bytes"))
		rw.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.CopyN(rw, &pattern{}, int64(size))
	})
	mux.HandleFunc("/api/download", download)
	mux.HandleFunc("/api/upload", upload)
	mux.HandleFunc("/api/both", both)
	mux.HandleFunc("/api/silent", func(rw http.ResponseWriter, req *http.Request) {
		rw.WriteHeader(http.StatusOK)
		rw.(http.Flusher).Flush()
		say(map[string]any{"event": "silent-open"})
		<-req.Context().Done()
		say(map[string]any{"event": "silent-closed"})
	})
	mux.HandleFunc("/api/never", func(_ http.ResponseWriter, req *http.Request) {
		say(map[string]any{"event": "never-open"})
		<-req.Context().Done()
		say(map[string]any{"event": "never-closed"})
	})
	mux.HandleFunc("/api/ticks", func(rw http.ResponseWriter, req *http.Request) {
		for tick := 0; req.Context().Err() == nil; tick++ {
			_, _ = io.WriteString(rw, strconv.Itoa(tick)+"\n")
			rw.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	mux.HandleFunc("/api/stamps", stamps)
	mux.HandleFunc("/api/ws", wsEcho)
	return mux
}

// pattern is an endless deterministic byte stream: position i holds byte(i*31 >> 3).
type pattern struct{ position uint64 }

func (p *pattern) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = byte((p.position * 31) >> 3)
		p.position++
	}
	return len(into), nil
}

// download streams ?bytes=N of the pattern, with ?chunked=1 without a Content-Length.
func download(rw http.ResponseWriter, req *http.Request) {
	size, err := strconv.ParseInt(req.URL.Query().Get("bytes"), 10, 64)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if req.URL.Query().Get("chunked") == "" {
		rw.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	rw.Header().Set("Content-Type", "application/octet-stream")
	_, _ = io.CopyN(rw, &pattern{}, size)
}

// upload answers with the count and SHA-256 of the body it read.
func upload(rw http.ResponseWriter, req *http.Request) {
	sum := sha256.New()
	count, err := io.Copy(sum, req.Body)
	if err != nil {
		say(map[string]any{"event": "upload-broken", "error": err.Error()})
		return
	}
	_ = json.NewEncoder(rw).Encode(map[string]any{"bytes": count, "sha256": hex.EncodeToString(sum.Sum(nil))})
}

// both echoes the body while it is still arriving.
func both(rw http.ResponseWriter, req *http.Request) {
	_ = http.NewResponseController(rw).EnableFullDuplex()
	rw.WriteHeader(http.StatusOK)
	_, _ = io.Copy(rw, req.Body)
}

func wsEcho(rw http.ResponseWriter, req *http.Request) {
	upgrader := websocket.Upgrader{
		Subprotocols: websocket.Subprotocols(req),
		CheckOrigin:  func(*http.Request) bool { return true },
	}
	conn, err := upgrader.Upgrade(rw, req, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			say(map[string]any{"event": "ws-closed", "error": err.Error()})
			return
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

// stamps writes a line with the time, in nanoseconds since 1970, every 10 ms: what a watch is to the bench.
func stamps(rw http.ResponseWriter, req *http.Request) {
	rw.WriteHeader(http.StatusOK)
	rw.(http.Flusher).Flush()
	ticker := time.NewTicker(stampEvery)
	defer ticker.Stop()
	for {
		select {
		case <-req.Context().Done():
			return
		case <-ticker.C:
			_, _ = rw.Write(stampLine())
			rw.(http.Flusher).Flush()
		}
	}
}

const stampEvery = 10 * time.Millisecond

func stampLine() []byte {
	return append(strconv.AppendInt(nil, time.Now().UnixNano(), 10), '\n')
}

// listenBackend serves the backend on a loopback address and returns it with its port.
func listenBackend(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	go func() { _ = http.Serve(listener, backend()) }()
	return listener.Addr().String(), nil
}

// runHTTP serves only the backend, behind TLS unless -plain: the "direct" row of the bench.
func runHTTP(args []string) error {
	flags := flag.NewFlagSet("http", flag.ExitOnError)
	caFile := flags.String("ca-out", "", "file that the self-signed certificate is written to")
	plain := flags.Bool("plain", false, "no TLS")
	listen := flags.String("listen", "127.0.0.1:0", "address, with -plain")
	_ = flags.Parse(args)
	listener, err := listenEither(*plain, *listen, *caFile)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "ready", "address": listener.Addr().String()})
	return http.Serve(listener, backend())
}
