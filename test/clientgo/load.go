package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

type loadOptions struct {
	op        string
	clients   int
	size      int
	objects   int
	table     bool
	namespace string
}

// call does one request of one client and says how many bytes came back, where that is of interest.
type call func(ctx context.Context) (int, error)

// runLoad has -c clients, each sending one request after the other: first -warmup seconds that do not count, then the
// event "measuring", then -seconds that do, then the event "done".
func runLoad(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("load")
	op := flags.String("op", "get", "create, update, get or list")
	clients := flags.Int("c", 1, "clients")
	seconds := flags.Float64("seconds", 5, "duration")
	warmup := flags.Float64("warmup", 1, "seconds before the measurement")
	size := flags.Int("size", 1024, "bytes of data in each ConfigMap")
	objects := flags.Int("objects", 0, "objects to get from (default 1000) or to list (default 10000)")
	table := flags.Bool("table", false, "list as a Table")
	gzip := flags.Bool("gzip", false, "accept compressed answers")
	_ = flags.Parse(args)

	clientset, err := connect(*kubeconfig, connectOptions{gzip: *gzip})
	if err != nil {
		return err
	}
	calls, err := prepareLoad(ctx, clientset, loadOptions{
		op: *op, clients: *clients, size: *size, objects: *objects, table: *table,
	})
	if err != nil {
		return err
	}
	if *warmup > 0 {
		load(ctx, calls, *warmup)
	}
	say(map[string]any{"event": "measuring"})
	result := load(ctx, calls, *seconds)
	say(map[string]any{
		"event": "done", "requests": result.latencies.count(), "failures": result.failures.Load(),
		"failure": result.failure.Load(), "seconds": result.seconds, "bytes": result.bytes.Load(),
		"p50ms": result.latencies.percentile(0.50), "p99ms": result.latencies.percentile(0.99),
	})
	return nil
}

// prepareLoad makes what the requests need and gives the request of each client.
func prepareLoad(ctx context.Context, clientset *kubernetes.Clientset, options loadOptions) ([]call, error) {
	defaults := map[string]int{"create": 0, "update": options.clients, "get": 1000, "list": 10_000}
	count, known := defaults[options.op]
	if !known {
		return nil, fmt.Errorf("unknown operation %s", options.op)
	}
	if options.objects > 0 {
		count = options.objects
	}
	// Lists find exactly the objects made for them; what creates leave behind is in a namespace of each run.
	namespace := "bench-" + options.op
	if options.op == "create" {
		namespace += "-" + newRunID()
	}
	if err := ensureNamespace(ctx, clientset, namespace); err != nil {
		return nil, fmt.Errorf("namespace %s: %w", namespace, err)
	}
	names, err := fill(ctx, clientset, namespace, count, options.size)
	if err != nil {
		return nil, fmt.Errorf("objects in %s: %w", namespace, err)
	}
	options.namespace = namespace
	calls := make([]call, options.clients)
	for client := range calls {
		calls[client], err = newCall(ctx, clientset, options, client, names)
		if err != nil {
			return nil, err
		}
	}
	return calls, nil
}

func newCall(
	ctx context.Context, clientset *kubernetes.Clientset, options loadOptions, client int, names []string,
) (call, error) {
	configMaps := clientset.CoreV1().ConfigMaps(options.namespace)
	sent := 0
	switch options.op {
	case "create":
		return func(ctx context.Context) (int, error) {
			sent++
			object := configMap(fmt.Sprintf("client-%d-%d", client, sent), options.size)
			_, err := configMaps.Create(ctx, object, metav1.CreateOptions{})
			return 0, err
		}, nil
	case "update":
		// Each client has an object of its own and names its resourceVersion: none of the updates may conflict.
		current, err := configMaps.Get(ctx, names[client], metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) (int, error) {
			sent++
			current.Labels = map[string]string{"sent": fmt.Sprint(sent)}
			var updated *corev1.ConfigMap
			updated, err := configMaps.Update(ctx, current, metav1.UpdateOptions{})
			if err == nil {
				current = updated
			}
			return 0, err
		}, nil
	case "get":
		return func(ctx context.Context) (int, error) {
			_, err := configMaps.Get(ctx, names[rand.IntN(len(names))], metav1.GetOptions{})
			return 0, err
		}, nil
	default:
		// The answer is read whole but not decoded: that would measure this program.
		return func(ctx context.Context) (int, error) {
			request := clientset.CoreV1().RESTClient().Get().Namespace(options.namespace).Resource("configmaps")
			if options.table {
				request = request.SetHeader("Accept", tableAccept)
			}
			body, err := request.DoRaw(ctx)
			return len(body), err
		}, nil
	}
}

type loadResult struct {
	latencies samples
	failures  atomic.Int64
	// failure is the text of one of them.
	failure atomic.Value
	// bytes of the last answer.
	bytes   atomic.Int64
	seconds float64
}

func load(ctx context.Context, calls []call, seconds float64) *loadResult {
	result := &loadResult{}
	result.failure.Store("")
	var clients sync.WaitGroup
	start := time.Now()
	deadline := start.Add(time.Duration(seconds * float64(time.Second)))
	for _, call := range calls {
		clients.Go(func() {
			var own []time.Duration
			for time.Now().Before(deadline) {
				began := time.Now()
				bytes, err := call(ctx)
				if err != nil {
					result.failures.Add(1)
					result.failure.Store(err.Error())
					time.Sleep(10 * time.Millisecond)
					continue
				}
				own = append(own, time.Since(began))
				result.bytes.Store(int64(bytes))
			}
			result.latencies.add(own...)
		})
	}
	clients.Wait()
	result.seconds = time.Since(start).Seconds()
	return result
}
