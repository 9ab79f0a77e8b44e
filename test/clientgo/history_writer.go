package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

type version struct {
	uid      string
	revision int64
}

// knownVersions is what the writers last heard of each key, so that a precondition often names the current version.
type knownVersions struct {
	mutex    sync.Mutex
	versions map[string]version
}

func (k *knownVersions) get(key string) (version, bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	found, known := k.versions[key]
	return found, known
}

// set keeps the newer one: answers overtake one another.
func (k *knownVersions) set(key string, heard version) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.versions[key].revision < heard.revision {
		k.versions[key] = heard
	}
}

func (k *knownVersions) forget(key string, uid string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if uid == "" || k.versions[key].uid == uid {
		delete(k.versions, key)
	}
}

// historyWriter sends one write after the other. Each goes over the wire once: client-go's own repetitions are off, or
// the outcome of the first attempt would be lost.
type historyWriter struct {
	*workload
	name  string
	pause time.Duration
}

// run writes until `running` ends; `ctx` bounds the requests, so that the last ones are not cut off.
func (w *historyWriter) run(running, ctx context.Context) {
	var trouble backoff
	for number := 0; running.Err() == nil; number++ {
		key := w.keys[rand.IntN(len(w.keys))]
		value := fmt.Sprintf("%s.%d", w.name, number)
		if w.writeOne(ctx, key, value) {
			trouble.reset()
			pause(running, time.Duration(rand.Int64N(2*int64(w.pause)+1)))
		} else {
			trouble.wait(running)
		}
	}
}

// writeOne picks what to do with the key. False means that the server was in trouble.
func (w *historyWriter) writeOne(ctx context.Context, key, value string) bool {
	known, exists := w.known.get(key)
	if !exists {
		return w.create(ctx, key, value) >= 0
	}
	switch choice := rand.IntN(20); {
	case choice < 1:
		return w.create(ctx, key, value) >= 0
	case choice < 9:
		return w.update(ctx, key, value, precondition{Revision: known.revision})
	case choice < 11:
		return w.update(ctx, key, value, precondition{UID: known.uid, Revision: known.revision})
	case choice < 16:
		return w.update(ctx, key, value, precondition{})
	case choice < 18:
		return w.delete(ctx, key, precondition{UID: known.uid, Revision: known.revision})
	default:
		return w.delete(ctx, key, precondition{})
	}
}

// create gives the new revision, 0 when it was refused and -1 when nobody knows.
func (w *historyWriter) create(ctx context.Context, key, value string) int64 {
	op := w.log.invoke(record{Process: w.name, Call: "create", Key: key, Value: value})
	body := w.body(key, value, precondition{})
	return w.finish(op, key, w.send(ctx, w.core.Post(), "", body))
}

func (w *historyWriter) update(ctx context.Context, key, value string, named precondition) bool {
	op := w.log.invoke(record{Process: w.name, Call: "update", Key: key, Value: value, Precondition: &named})
	return w.finish(op, key, w.send(ctx, w.core.Put(), key, w.body(key, value, named))) >= 0
}

func (w *historyWriter) delete(ctx context.Context, key string, named precondition) bool {
	op := w.log.invoke(record{Process: w.name, Call: "delete", Key: key, Precondition: &named})
	options := metav1.DeleteOptions{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"}}
	if named.UID != "" {
		uid, revision := types.UID(named.UID), strconv.FormatInt(named.Revision, 10)
		options.Preconditions = &metav1.Preconditions{UID: &uid, ResourceVersion: &revision}
	}
	body, _ := json.Marshal(options)
	return w.finish(op, key, w.send(ctx, w.core.Delete(), key, body)) >= 0
}

type answer struct {
	body []byte
	err  error
}

func (w *historyWriter) send(ctx context.Context, request *rest.Request, key string, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	request = request.Namespace(w.namespace).Resource("configmaps").MaxRetries(0).
		SetHeader("Content-Type", "application/json").Body(body)
	if key != "" {
		request = request.Name(key)
	}
	raw, err := request.DoRaw(ctx)
	return answer{raw, err}
}

// finish notes how the operation ended. The answer is the object, or for a delete a Status that names its uid.
func (w *historyWriter) finish(op int64, key string, a answer) int64 {
	at := w.log.now()
	if a.err != nil {
		kind, reason := outcomeOf(a.err)
		if reason == "NotFound" && !isAbsent(a.err, key) {
			reason = "no such path or namespace"
		}
		w.log.add(record{Kind: kind, At: at, Process: w.name, Op: op, Reason: reason})
		if reason == "NotFound" {
			w.known.forget(key, "")
		}
		if reason == "Conflict" || reason == "AlreadyExists" {
			w.refresh(key)
		}
		if kind == "unknown" || reason == "ConnectionRefused" {
			return -1
		}
		return 0
	}
	var read struct {
		Kind     string            `json:"kind"`
		Metadata metav1.ObjectMeta `json:"metadata"`
		Details  struct {
			UID string `json:"uid"`
		} `json:"details"`
	}
	if err := json.Unmarshal(a.body, &read); err != nil {
		w.log.add(record{Kind: "unknown", At: at, Process: w.name, Op: op, Reason: "answer is no JSON: " + err.Error()})
		return -1
	}
	if read.Kind == "Status" {
		w.log.add(record{Kind: "ok", At: at, Process: w.name, Op: op, UID: read.Details.UID})
		w.known.forget(key, read.Details.UID)
		return 0
	}
	revision := revisionOf(read.Metadata.ResourceVersion)
	w.log.add(record{Kind: "ok", At: at, Process: w.name, Op: op, UID: string(read.Metadata.UID), Revision: revision})
	w.known.set(key, version{string(read.Metadata.UID), revision})
	return revision
}

// refresh reads a key whose version the writers had wrong.
func (w *historyWriter) refresh(key string) {
	(&historyReader{workload: w.workload, name: w.name}).get(context.Background(), key)
}

func (w *historyWriter) body(key, value string, named precondition) []byte {
	object := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: key, Labels: map[string]string{"value": value}, UID: types.UID(named.UID)},
		Data:       map[string]string{"value": value, "padding": strings.Repeat("x", 200)},
	}
	if named.Revision > 0 {
		object.ResourceVersion = strconv.FormatInt(named.Revision, 10)
	}
	body, _ := json.Marshal(object)
	return body
}
