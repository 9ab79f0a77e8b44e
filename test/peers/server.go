package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rancher/remotedialer"
)

// runServer is the server side of the Go library behind TLS (with -plain, without): agents connect to /v3/connect (any token; the client key
// is the token, with stv-cluster- in front for the steve session), and /via/<client key>/<path> is proxied through
// the session to -dial, for each client key given as an argument; each request to /take/<client key> reads once from a
// stream to -dial. /direct/<path> goes to a local backend without a tunnel.
// /peer and /unpeer tell it of other servers.
func runServer(args []string) error {
	flags := flag.NewFlagSet("server", flag.ExitOnError)
	caFile := flags.String("ca-out", "", "file that the self-signed certificate is written to")
	dial := flags.String("dial", "127.0.0.1:6080", "address in CONNECT")
	plain := flags.Bool("plain", false, "no TLS")
	peerID := flags.String("peer-id", "", "id that this server shows its peers")
	peerToken := flags.String("peer-token", "", "token that it shows them")
	_ = flags.Parse(args)

	tunnel := remotedialer.New(authorize, remotedialer.DefaultErrorWriter)
	tunnel.PeerID, tunnel.PeerToken = *peerID, *peerToken
	address, err := listenBackend("127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v3/connect", tunnel)
	mux.Handle("/v3/connect/register", tunnel)
	mux.HandleFunc("/ping", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("pong")) })
	mux.HandleFunc("/has/", func(rw http.ResponseWriter, req *http.Request) {
		if !tunnel.HasSession(strings.TrimPrefix(req.URL.Path, "/has/")) {
			rw.WriteHeader(http.StatusNotFound)
		}
	})
	// ?url=&id=&token= of a peer: it is dialled, and may come.
	mux.HandleFunc("/peer", func(_ http.ResponseWriter, req *http.Request) {
		tunnel.AddPeer(req.FormValue("url"), req.FormValue("id"), req.FormValue("token"))
	})
	mux.HandleFunc("/unpeer", func(_ http.ResponseWriter, req *http.Request) { tunnel.RemovePeer(req.FormValue("id")) })
	mux.Handle("/direct/", http.StripPrefix("/direct", proxyTo(address, nil)))
	for _, key := range flags.Args() {
		mux.Handle("/via/"+key+"/", http.StripPrefix("/via/"+key, proxyTo(*dial, tunnel.Dialer(key))))
		mux.Handle("/take/"+key, takeFrom(*dial, tunnel.Dialer(key)))
	}
	listener, err := listenEither(*plain, "127.0.0.1:0", *caFile)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "ready", "address": listener.Addr().String(), "backend": address})
	return http.Serve(listener, mux)
}

func listenEither(plain bool, address, caFile string) (net.Listener, error) {
	if plain {
		return net.Listen("tcp", address)
	}
	return listenTLS(caFile)
}

// listenTLS listens on a free loopback port with a fresh certificate, which it writes to caFile unless that is empty.
func listenTLS(caFile string) (net.Listener, error) {
	certificate, certificatePEM, err := selfSigned()
	if err != nil {
		return nil, err
	}
	if caFile != "" {
		if err := os.WriteFile(caFile, certificatePEM, 0o600); err != nil {
			return nil, err
		}
	}
	return tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
}

func authorize(req *http.Request) (string, bool, error) {
	if bearer := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "); strings.HasPrefix(bearer, "stv-cluster-") {
		return bearer, true, nil
	}
	token := req.Header.Get("X-API-Tunnel-Token")
	if _, err := base64.StdEncoding.DecodeString(req.Header.Get("X-API-Tunnel-Params")); err != nil {
		return "", false, err
	}
	return token, token != "", nil
}

func proxyTo(address string, dialer remotedialer.Dialer) http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	proxy.FlushInterval = -1
	transport := &http.Transport{MaxIdleConnsPerHost: 128}
	if dialer != nil {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer(ctx, network, address)
		}
	}
	proxy.Transport = transport
	return proxy
}

// selfSigned makes a certificate for 127.0.0.1 and localhost that is its own CA.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "drover test peer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.ParseIP("127.0.0.1")},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, certificatePEM, nil
}
