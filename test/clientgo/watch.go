package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// arrival is one event at one watcher.
type arrival struct {
	revision string
	at       time.Time
}

// watcher reads one watch of its own. It looks at the frames itself instead of decoding whole objects: with a thousand
// watchers in this process, decoding would be most of what is measured.
type watcher struct {
	arrivals []arrival
	mutex    sync.Mutex
}

type frame struct {
	Type   string `json:"type"`
	Object struct {
		Metadata struct {
			Name            string `json:"name"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	} `json:"object"`
}

// runWatch has -watchers watches on one namespace and one client that updates one object -updates times, each time when
// every watcher has the previous one or 10 s have passed.
func runWatch(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("watch")
	count := flags.Int("watchers", 1, "watches, each on a request of its own")
	updates := flags.Int("updates", 200, "updates that are measured")
	warmup := flags.Int("warmup", 20, "updates before the measurement")
	size := flags.Int("size", 1024, "bytes of data in the ConfigMap")
	_ = flags.Parse(args)

	clientset, err := connect(*kubeconfig, connectOptions{})
	if err != nil {
		return err
	}
	namespace := "bench-watch-" + newRunID()
	if err := ensureNamespace(ctx, clientset, namespace); err != nil {
		return err
	}
	const name = "watched"
	configMaps := clientset.CoreV1().ConfigMaps(namespace)
	current, err := configMaps.Create(ctx, configMap(name, *size), metav1.CreateOptions{})
	if err != nil {
		return err
	}

	var received atomic.Int64
	ended := make(chan error, *count)
	watchers := make([]*watcher, *count)
	opening := make(chan struct{}, 32)
	var opened sync.WaitGroup
	failed := make(chan error, *count)
	for index := range watchers {
		watchers[index] = &watcher{}
		opened.Go(func() {
			opening <- struct{}{}
			defer func() { <-opening }()
			if err := watchers[index].open(ctx, clientset, namespace, name, current.ResourceVersion, &received, ended); err != nil {
				failed <- err
			}
		})
	}
	opened.Wait()
	select {
	case err := <-failed:
		return fmt.Errorf("watch: %w", err)
	default:
	}

	sent := map[string]time.Time{}
	acknowledged := map[string]time.Time{}
	var order []string
	for number := range *warmup + *updates {
		if number == *warmup {
			say(map[string]any{"event": "measuring"})
		}
		current.Labels = map[string]string{"update": fmt.Sprint(number)}
		began := time.Now()
		updated, err := configMaps.Update(ctx, current, metav1.UpdateOptions{})
		if err != nil {
			return fmt.Errorf("update %d: %w", number, err)
		}
		current = updated
		order = append(order, current.ResourceVersion)
		sent[current.ResourceVersion] = began
		acknowledged[current.ResourceVersion] = time.Now()
		awaitCount(&received, int64(number+1)*int64(*count), 10*time.Second)
	}
	// What is doubled may still be on its way.
	time.Sleep(200 * time.Millisecond)

	fromSend, fromAcknowledgement := &samples{}, &samples{}
	measured := map[string]bool{}
	for _, revision := range order[*warmup:] {
		measured[revision] = true
	}
	missed, doubled, reordered := 0, 0, 0
	for _, watcher := range watchers {
		seen := watcher.seen()
		for _, each := range seen {
			if measured[each.revision] {
				fromSend.add(each.at.Sub(sent[each.revision]))
				fromAcknowledgement.add(max(0, each.at.Sub(acknowledged[each.revision])))
			}
		}
		m, d, r := compareOrder(order, seen)
		missed, doubled, reordered = missed+m, doubled+d, reordered+r
	}
	say(map[string]any{
		"event": "done", "watchers": *count, "updates": *updates, "events": fromSend.count(),
		"missed": missed, "doubled": doubled, "reordered": reordered, "ended": len(ended),
		"p50ms": fromSend.percentile(0.50), "p99ms": fromSend.percentile(0.99),
		"afterAckP50ms": fromAcknowledgement.percentile(0.50), "afterAckP99ms": fromAcknowledgement.percentile(0.99),
	})
	return nil
}

// open sends the request and reads in the background; it returns when the server has accepted the watch.
func (w *watcher) open(
	ctx context.Context, clientset *kubernetes.Clientset, namespace, name, revision string,
	received *atomic.Int64, ended chan<- error,
) error {
	stream, err := clientset.CoreV1().RESTClient().Get().Namespace(namespace).Resource("configmaps").
		Param("watch", "true").Param("resourceVersion", revision).Param("allowWatchBookmarks", "true").
		Stream(ctx)
	if err != nil {
		return err
	}
	go func() {
		defer stream.Close()
		lines := bufio.NewReaderSize(stream, 8192)
		for {
			line, err := lines.ReadBytes('\n')
			at := time.Now()
			if err != nil {
				ended <- err
				return
			}
			var read frame
			if err := json.Unmarshal(line, &read); err != nil || read.Type == "ERROR" {
				ended <- fmt.Errorf("%s (%w)", line, err)
				return
			}
			if read.Type == "BOOKMARK" || read.Object.Metadata.Name != name {
				continue
			}
			w.mutex.Lock()
			w.arrivals = append(w.arrivals, arrival{read.Object.Metadata.ResourceVersion, at})
			w.mutex.Unlock()
			received.Add(1)
		}
	}()
	return nil
}

func (w *watcher) seen() []arrival {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.arrivals)
}

func awaitCount(received *atomic.Int64, wanted int64, patience time.Duration) {
	for deadline := time.Now().Add(patience); received.Load() < wanted && time.Now().Before(deadline); {
		time.Sleep(100 * time.Microsecond)
	}
}

// compareOrder counts the revisions that a watcher never saw, those it saw again, and those that came after a later one.
// An event that no update caused counts as doubled.
func compareOrder(order []string, seen []arrival) (missed, doubled, reordered int) {
	position := map[string]int{}
	for index, revision := range order {
		position[revision] = index
	}
	once := map[int]bool{}
	last := -1
	for _, each := range seen {
		index, known := position[each.revision]
		switch {
		case !known || once[index]:
			doubled++
		case index < last:
			reordered++
			once[index] = true
		default:
			once[index] = true
			last = index
		}
	}
	return len(order) - len(once), doubled, reordered
}
