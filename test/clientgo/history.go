package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// workload is one run of the history mode: what its writers, readers and watchers share.
type workload struct {
	core      rest.Interface
	namespace string
	keys      []string
	log       *historyLog
	known     knownVersions
}

// A server that is killed must not hold a request for ever; what was cut off has an unknown outcome.
const (
	requestPatience = 5 * time.Second
	firstPause      = 20 * time.Millisecond
	longestPause    = 500 * time.Millisecond
)

// runHistory lets -writers change ConfigMaps of -keys names while -watchers follow them and -readers look, and writes
// what each of them did and saw to -out (history_log.go says how). It goes on whatever happens to the server, until
// -seconds have passed and each watcher has everything that was acknowledged, or -settle seconds more.
func runHistory(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("history")
	writers := flags.Int("writers", 8, "clients that create, update and delete")
	watchers := flags.Int("watchers", 4, "clients that list and watch; every second one gets its list as a stream")
	readers := flags.Int("readers", 3, "clients that get and list")
	seconds := flags.Float64("seconds", 20, "how long they do")
	settle := flags.Float64("settle", 60, "seconds that the watchers have to catch up at the end")
	keys := flags.Int("keys", 16, "names that the writers choose from")
	pause := flags.Duration("pause", 4*time.Millisecond, "of a client between two requests, on average")
	out := flags.String("out", "", "file for the history")
	_ = flags.Parse(args)

	clientset, err := connect(*kubeconfig, connectOptions{gzip: true})
	if err != nil {
		return err
	}
	work, err := newWorkload(ctx, clientset, *keys, *out)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "started", "namespace": work.namespace})

	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	var watcherGroup sync.WaitGroup
	following := make([]*historyWatcher, *watchers)
	for index := range following {
		following[index] = &historyWatcher{workload: work, name: fmt.Sprintf("watcher-%d", index), streams: index%2 == 1}
		watcherGroup.Go(func() { following[index].run(watching) })
	}
	if !waitUntil(30*time.Second, func() bool { return allAt(following, 1) }) {
		return fmt.Errorf("the watchers have no list after 30 s: %s", work.log.lastProblem())
	}
	say(map[string]any{"event": "watching"})

	running, stopRunning := context.WithTimeout(ctx, time.Duration(*seconds*float64(time.Second)))
	defer stopRunning()
	var clients sync.WaitGroup
	for index := range *writers {
		clients.Go(func() { (&historyWriter{work, fmt.Sprintf("writer-%d", index), *pause}).run(running, ctx) })
	}
	for index := range *readers {
		clients.Go(func() { (&historyReader{work, fmt.Sprintf("reader-%d", index), *pause}).run(running, ctx) })
	}
	clients.Wait()

	last, err := work.writeLast(ctx, time.Duration(*settle*float64(time.Second)))
	if err != nil {
		return err
	}
	say(map[string]any{"event": "written", "revision": last})
	caughtUp := waitUntil(time.Duration(*settle*float64(time.Second)), func() bool { return allAt(following, last) })
	// What comes twice may still be on its way.
	time.Sleep(500 * time.Millisecond)
	stopWatching()
	watcherGroup.Wait()
	if err := work.log.close(); err != nil {
		return err
	}
	say(map[string]any{"event": "done", "revision": last, "caughtUp": caughtUp, "counts": work.log.counts()})
	return nil
}

func newWorkload(ctx context.Context, clientset *kubernetes.Clientset, keys int, out string) (*workload, error) {
	work := &workload{core: clientset.CoreV1().RESTClient(), namespace: "history-" + newRunID()}
	work.known.versions = map[string]version{}
	for index := range keys {
		work.keys = append(work.keys, fmt.Sprintf("%s%02d", keyPrefix, index))
	}
	if err := ensureNamespace(ctx, clientset, work.namespace); err != nil {
		return nil, err
	}
	var err error
	work.log, err = openHistoryLog(out)
	return work, err
}

// writeLast creates an object after all other writes have ended: a watcher that has it has had its chance to see all.
func (w *workload) writeLast(ctx context.Context, patience time.Duration) (int64, error) {
	writer := &historyWriter{workload: w, name: "closer"}
	deadline := time.Now().Add(patience)
	for number := 0; time.Now().Before(deadline); number++ {
		if revision := writer.create(ctx, fmt.Sprintf("%slast-%d", keyPrefix, number), fmt.Sprintf("closer.%d", number)); revision > 0 {
			return revision, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return 0, fmt.Errorf("no write within %s at the end: %s", patience, w.log.lastProblem())
}

func allAt(watchers []*historyWatcher, revision int64) bool {
	for _, each := range watchers {
		if each.at.Load() < revision {
			return false
		}
	}
	return true
}

func waitUntil(patience time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if holds() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// backoff doubles the pause after each failure in a row.
type backoff struct{ next time.Duration }

func (b *backoff) wait(ctx context.Context) {
	b.next = min(max(2*b.next, firstPause), longestPause)
	pause(ctx, b.next)
}

func (b *backoff) reset() { b.next = 0 }

func pause(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
