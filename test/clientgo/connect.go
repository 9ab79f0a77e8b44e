package main

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type connectOptions struct {
	// gzip lets the client ask for compressed answers, as client-go does by default.
	gzip bool
	// seen is called before each request.
	seen func(*http.Request)
}

// connect makes one clientset that speaks JSON and limits nothing itself. Its transport is client-go's own but for two
// things: it keeps an idle connection per client, where client-go keeps 25 (over HTTP/1.1 the 26th of 64 clients would
// dial for every request), and it notices a dead HTTP/2 connection within 10 s instead of 45.
func connect(kubeconfig string, options connectOptions) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper = &http.Transport{
		TLSClientConfig:     tls,
		TLSHandshakeTimeout: 10 * time.Second,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConnsPerHost: 4096,
		DisableCompression:  !options.gzip,
	}
	if options.seen != nil {
		transport = &watchedTransport{base: transport, seen: options.seen}
	}
	config.Transport = transport
	config.TLSClientConfig = rest.TLSClientConfig{}
	config.QPS = -1
	config.ContentType = "application/json"
	config.AcceptContentTypes = "application/json"
	return kubernetes.NewForConfig(config)
}

type watchedTransport struct {
	base http.RoundTripper
	seen func(*http.Request)
}

func (t *watchedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.seen(request)
	return t.base.RoundTrip(request)
}

// requestCounts tells apart how a reflector got its objects.
type requestCounts struct {
	lists, watches, streamedLists atomic.Int64
}

func (c *requestCounts) count(request *http.Request) {
	query := request.URL.Query()
	switch {
	case request.Method != http.MethodGet:
	case query.Get("watch") == "":
		c.lists.Add(1)
	case query.Get("sendInitialEvents") == "true":
		c.streamedLists.Add(1)
	default:
		c.watches.Add(1)
	}
}

// ensureNamespace creates it unless it is there; a server that has just come up may need a moment.
func ensureNamespace(ctx context.Context, clientset *kubernetes.Clientset, name string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := clientset.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
		if err == nil || apierrors.IsAlreadyExists(err) {
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
