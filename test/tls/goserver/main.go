// Command goserver is what kube-apiserver is to TLS: Go's own server, here in every version, group and suite that it has. It sends
// back what it is sent. It prints one line of JSON when it listens, and ends when standard input does.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	cert := flag.String("cert", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	clientCA := flag.String("client-ca", "", "PEM file; clients must show a certificate of it")
	version := flag.Uint("version", tls.VersionTLS13, "the only version")
	group := flag.Uint("group", 0, "the only group")
	suite := flag.Uint("suite", 0, "the only suite, of TLS 1.2")
	flag.Parse()
	if err := run(*cert, *key, *clientCA, uint16(*version), uint16(*group), uint16(*suite)); err != nil {
		fmt.Fprintln(os.Stderr, "goserver:", err)
		os.Exit(1)
	}
}

func run(cert, key, clientCA string, version, group, suite uint16) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   version,
		MaxVersion:   version,
		NextProtos:   []string{"http/1.1"},
	}
	if group != 0 {
		config.CurvePreferences = []tls.CurveID{tls.CurveID(group)}
	}
	if suite != 0 {
		config.CipherSuites = []uint16{suite}
	}
	if clientCA != "" {
		pem, err := os.ReadFile(clientCA)
		if err != nil {
			return err
		}
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"event": "listening", "port": port}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}
