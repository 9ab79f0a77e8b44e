package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rancher/remotedialer"
)

func decoded(text string) (string, error) {
	plain, err := base64.StdEncoding.DecodeString(text)
	return string(plain), err
}

// serveSteve is the embedded server's connection: as the Secret stv-aggregation says, for ever, with 5 s between tries.
func (a *podAgent) serveSteve(ctx context.Context) {
	listener := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	go func() { fail(http.Serve(listener, a.embedded())) }()
	for {
		err := a.aggregate(ctx, listener)
		say(map[string]any{"event": "steve-disconnected", "error": errorText(err)})
		time.Sleep(5 * time.Second)
	}
}

func (a *podAgent) aggregate(ctx context.Context, listener *pipeListener) error {
	secret, err := a.cluster.get(ctx, agentNamespace+"/secrets/stv-aggregation")
	if err != nil {
		return err
	}
	address, err := decoded(secret.Data["url"])
	if err != nil {
		return err
	}
	token, err := decoded(secret.Data["token"])
	if err != nil {
		return err
	}
	config, err := trustOf(address, secret.Data)
	if err != nil {
		return err
	}
	dialer := &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second, TLSClientConfig: config}
	dialling, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	headers := http.Header{"Authorization": {"Bearer " + token}}
	conn, _, err := dialer.DialContext(dialling, "ws"+strings.TrimPrefix(address, "http"), headers)
	if err != nil {
		return err
	}
	defer conn.Close()
	say(map[string]any{"event": "steve-connected"})
	session := remotedialer.NewClientSessionWithDialer(func(string, string) bool { return true }, conn, listener.dial)
	defer session.Close()
	_, err = session.Serve(ctx)
	return err
}

// trustOf: no ca.crt is the system's store, an empty one no verification at all, and another one is used if the system's
// store does not suffice.
func trustOf(address string, data map[string]string) (*tls.Config, error) {
	encoded, present := data["ca.crt"]
	if !present {
		return nil, nil
	}
	ca, err := decoded(encoded)
	if err != nil {
		return nil, err
	}
	if ca == "" {
		return &tls.Config{InsecureSkipVerify: true}, nil
	}
	if reach(address, nil) == nil {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ca)) {
		return nil, errors.New("no certificate in ca.crt of stv-aggregation")
	}
	return &tls.Config{RootCAs: pool}, nil
}

// embedded is what answers on streams of the steve session (tunnel.md 2.7), without Steve itself.
func (a *podAgent) embedded() http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport:     a.cluster.transport,
		FlushInterval: -1,
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(&url.URL{Scheme: "https", Host: a.cluster.address})
			request.Out.Header.Set("Authorization", "Bearer "+a.cluster.token)
		},
	}
	kubernetes := func(rw http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Impersonate-User") == "" {
			http.Error(rw, "not authorized", http.StatusUnauthorized)
			return
		}
		if crossOrigin(req) {
			http.Error(rw, "origin not allowed", http.StatusForbidden)
			return
		}
		// As RedirectRewrite of rancher/apiserver: a writer that cannot flush.
		if hijacker, ok := rw.(http.Hijacker); ok && req.Header.Get("X-API-URL-Prefix") != "" {
			rw = struct {
				http.ResponseWriter
				http.Hijacker
			}{rw, hijacker}
		}
		proxy.ServeHTTP(rw, req)
	}
	mux := http.NewServeMux()
	// A bare /api is redirected, as by the server around Steve.
	for _, path := range []string{"/api/", "/apis/", "/openapi/", "/version"} {
		mux.HandleFunc(path, kubernetes)
	}
	well := func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("pong")) }
	mux.HandleFunc("/ping", well)
	mux.HandleFunc("/healthz", well)
	return mux
}

// crossOrigin is the guard against other sites' pages in a browser.
func crossOrigin(req *http.Request) bool {
	if !strings.Contains(strings.ToLower(req.Header.Get("Connection")), "upgrade") ||
		!strings.Contains(strings.ToLower(req.UserAgent()), "mozilla") {
		return false
	}
	origin, err := url.Parse(req.Header.Get("Origin"))
	return err != nil || (req.Header.Get("Origin") != "" && origin.Host != req.Host)
}

// pipeListener is the in-memory server's: every stream is a connection to it, whatever address the server named.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.done)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "steve", Net: "pipe"} }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
