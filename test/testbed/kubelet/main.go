// The kubelet's address of every node of the test bed. It runs commands of `kubectl exec` itself, with the streaming
// library of the real kubelet, and hands all other requests (logs, attach, port-forward) to kwok.
//
// kwok has a local exec of its own, but it never closes the command's standard input (cat and `kubectl cp` into a pod
// hang), reports every exit code as 1, and gives a terminal that is not the command's controlling terminal.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const (
	idleTimeout           = 4 * time.Hour
	streamCreationTimeout = 30 * time.Second
)

func main() {
	address := flag.String("address", "", "host:port to serve HTTPS on")
	kwok := flag.String("kwok", "", "URL of kwok's server")
	certFile := flag.String("cert", "", "serving certificate, PEM file")
	keyFile := flag.String("key", "", "its key, PEM file")
	caFile := flag.String("client-ca", "", "CA of the clients that may call, PEM file")
	dir := flag.String("dir", "", "working directory of commands")
	flag.Parse()
	log.Fatal(serve(*address, *kwok, *certFile, *keyFile, *caFile, *dir))
}

func serve(address, kwok, certFile, keyFile, caFile, dir string) error {
	target, err := url.Parse(kwok)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(ca) {
		return errors.New("no certificate in " + caFile)
	}

	handler := http.NewServeMux()
	handler.HandleFunc("/exec/{namespace}/{pod}/{container}", func(response http.ResponseWriter, request *http.Request) {
		options, err := remotecommand.NewOptions(request)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		remotecommand.ServeExec(response, request, executor{dir: dir},
			request.PathValue("pod"), "", request.PathValue("container"), request.URL.Query()["command"],
			options, idleTimeout, streamCreationTimeout, remotecommand.SupportedStreamingProtocols)
	})
	handler.Handle("/", &httputil.ReverseProxy{
		Rewrite:       func(request *httputil.ProxyRequest) { request.SetURL(target) },
		FlushInterval: -1,
	})

	server := &http.Server{
		Addr:    address,
		Handler: handler,
		// Whoever may call runs commands as this user: a certificate of the test bed is required, as by a real kubelet.
		TLSConfig: &tls.Config{ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert},
		// HTTP/2 has no Upgrade.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	return server.ListenAndServeTLS(certFile, keyFile)
}
