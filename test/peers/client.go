package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rancher/remotedialer"
)

// runClient is an agent: it connects to Drover's /v3/connect and lets the other side dial its backend.
// With -params it opens the main session, without them the steve session.
func runClient(args []string) error {
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	url := flags.String("url", "", "wss://host:port/v3/connect")
	token := flags.String("token", "", "registration token")
	caFile := flags.String("ca", "", "PEM file that the server's certificate is verified with")
	kind := flags.String("kind", "steve", "steve or main")
	listen := flags.String("listen", "127.0.0.1:0", "address of the backend: what the other side's CONNECT must name")
	retry := flags.Bool("retry", true, "reconnect after 1 s")
	_ = flags.Parse(args)

	address, err := listenBackend(*listen)
	if err != nil {
		return err
	}
	dialer := &websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	if *caFile != "" {
		pem, err := os.ReadFile(*caFile)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("no certificate in %s", *caFile)
		}
		dialer.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	say(map[string]any{"event": "ready", "address": address})
	for {
		err := remotedialer.ConnectToProxy(context.Background(), *url, headersOf(*kind, *token), allowAll, dialer,
			func(context.Context, *remotedialer.Session) error {
				say(map[string]any{"event": "connected"})
				return nil
			})
		text := ""
		if err != nil {
			text = err.Error()
		}
		say(map[string]any{"event": "disconnected", "error": text})
		if !*retry {
			return nil
		}
		time.Sleep(time.Second)
	}
}

func allowAll(string, string) bool { return true }

func headersOf(kind, token string) http.Header {
	if kind == "steve" {
		return http.Header{"Authorization": {"Bearer stv-cluster-" + token}}
	}
	params, _ := json.Marshal(map[string]any{"cluster": map[string]string{
		"address": "10.43.0.1:443", "caCert": base64.StdEncoding.EncodeToString([]byte("CA")), "token": "tok",
	}})
	return http.Header{
		"X-API-Tunnel-Token":  {token},
		"X-API-Tunnel-Params": {base64.StdEncoding.EncodeToString(params)},
	}
}
