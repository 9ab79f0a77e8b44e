package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rancher/remotedialer"
)

// runHerd is many cluster agents in one process, each with both sessions, its own cluster, and the delays of the real one:
// 10 s after the main session ended, 5 s after the steve session did. Whenever all of them are up it says so.
func runHerd(args []string) error {
	flags := flag.NewFlagSet("herd", flag.ExitOnError)
	url := flags.String("url", "", "wss://host:port/v3/connect")
	tokensFile := flags.String("tokens", "", "JSON file: registration tokens")
	caFile := flags.String("ca", "", "PEM file that the server's certificate is verified with")
	pause := flags.Duration("pause", 0, "between two agents, at the start")
	_ = flags.Parse(args)
	var tokens []string
	text, err := os.ReadFile(*tokensFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &tokens); err != nil {
		return err
	}
	ca, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	herd := &herd{
		url:    *url,
		dialer: &websocket.Dialer{HandshakeTimeout: 10 * time.Second, TLSClientConfig: &tls.Config{RootCAs: pool}},
		wanted: 2 * len(tokens),
	}
	say(map[string]any{"event": "ready"})
	for index, token := range tokens {
		go herd.agent(index, token)
		// Joining for the first time is not what is measured.
		time.Sleep(*pause)
	}
	for {
		time.Sleep(5 * time.Second)
		herd.progress()
	}
}

// progress is for whoever reads why a test failed.
func (h *herd) progress() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	fmt.Fprintf(os.Stderr, "%s %d of %d sessions are up; %d dials failed, the last: %s\n", time.Now().Format(time.TimeOnly), h.up, h.wanted, h.failed, h.problem)
}

type herd struct {
	url    string
	dialer *websocket.Dialer
	wanted int

	mutex sync.Mutex
	up    int
	// Dials that failed, and why the last one did.
	failed  int
	problem string
}

// count adds sessions that are up, and tells when all of them are or none is.
func (h *herd) count(delta int) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.up += delta
	switch {
	case h.up == h.wanted && delta > 0:
		say(map[string]any{"event": "all-up"})
	case h.up == 0:
		say(map[string]any{"event": "all-down"})
	}
}

func (h *herd) agent(index int, token string) {
	first := make(chan struct{})
	var once sync.Once
	go func() {
		<-first
		listener := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		go func() { fail(http.Serve(listener, littleCluster(index))) }()
		for {
			h.session(headersOf("steve", token), listener.dial, func() {})
			time.Sleep(5 * time.Second)
		}
	}()
	for {
		h.session(headersOf("main", token), nil, func() { once.Do(func() { close(first) }) })
		time.Sleep(10 * time.Second)
	}
}

func (h *herd) session(headers http.Header, dial remotedialer.Dialer, onOpen func()) {
	conn, _, err := h.dialer.Dial(h.url, headers)
	if err != nil {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		h.failed++
		h.problem = err.Error()
		return
	}
	defer conn.Close()
	session := remotedialer.NewClientSessionWithDialer(allowAll, conn, dial)
	defer session.Close()
	h.count(1)
	defer h.count(-1)
	onOpen()
	_, _ = session.Serve(context.Background())
}

// littleCluster answers what Drover asks of a cluster, each as another one, and keeps the key that is left in it.
func littleCluster(index int) http.Handler {
	const namespace = "/api/v1/namespaces/kube-system"
	var mutex sync.Mutex
	stored := map[string]json.RawMessage{}
	answer := func(rw http.ResponseWriter, status int, body any) {
		text, _ := json.Marshal(body)
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_, _ = rw.Write(text)
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/ping":
			_, _ = rw.Write([]byte("pong"))
		case req.URL.Path == "/version":
			answer(rw, http.StatusOK, map[string]string{"gitVersion": "v1.36.0"})
		case req.URL.Path == namespace:
			answer(rw, http.StatusOK, map[string]any{
				"kind": "Namespace", "metadata": map[string]string{"name": "kube-system", "uid": fmt.Sprintf("uid-%d", index)},
			})
		case req.Method == http.MethodPost:
			var object struct {
				Metadata struct{ Name string }
			}
			var body json.RawMessage
			_ = json.NewDecoder(req.Body).Decode(&body)
			_ = json.Unmarshal(body, &object)
			mutex.Lock()
			stored[req.URL.Path+"/"+object.Metadata.Name] = body
			mutex.Unlock()
			answer(rw, http.StatusCreated, body)
		default:
			mutex.Lock()
			body, found := stored[strings.TrimSuffix(req.URL.Path, "/")]
			mutex.Unlock()
			if !found {
				answer(rw, http.StatusNotFound, map[string]string{"kind": "Status"})
				return
			}
			answer(rw, http.StatusOK, body)
		}
	})
}
