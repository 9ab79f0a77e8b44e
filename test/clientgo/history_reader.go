package main

import (
	"context"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// historyReader gets and lists, always asking for the newest state (no resourceVersion).
type historyReader struct {
	*workload
	name  string
	pause time.Duration
}

func (r *historyReader) run(running, ctx context.Context) {
	var trouble backoff
	for running.Err() == nil {
		var fine bool
		switch choice := rand.IntN(10); {
		case choice < 7:
			fine = r.get(ctx, r.keys[rand.IntN(len(r.keys))])
		case choice < 9:
			fine = r.list(ctx, "")
		default:
			fine = r.list(ctx, "5")
		}
		if fine {
			trouble.reset()
			pause(running, time.Duration(rand.Int64N(2*int64(r.pause)+1)))
		} else {
			trouble.wait(running)
		}
	}
}

// get notes an object that is not there as an answer, not as a failure.
func (r *historyReader) get(ctx context.Context, key string) bool {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	op := r.log.invoke(record{Process: r.name, Call: "get", Key: key})
	object := &corev1.ConfigMap{}
	err := r.core.Get().Namespace(r.namespace).Resource("configmaps").Name(key).MaxRetries(0).Do(ctx).Into(object)
	at := r.log.now()
	if err != nil && !isAbsent(err, key) {
		return r.finish(op, at, err)
	}
	result := record{Kind: "ok", At: at, Process: r.name, Op: op}
	if err == nil {
		seen := observe(object)
		result.Object = &seen
		r.known.set(key, version{seen.UID, seen.Revision})
	} else {
		r.known.forget(key, "")
	}
	r.log.add(result)
	return true
}

// list reads all pages, if it is to come in pages; the revision is the first page's.
func (r *historyReader) list(ctx context.Context, limit string) bool {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	op := r.log.invoke(record{Process: r.name, Call: "list", How: map[bool]string{true: "pages"}[limit != ""]})
	objects := []seenObject{}
	revision := int64(0)
	for token := ""; ; {
		request := r.core.Get().Namespace(r.namespace).Resource("configmaps").MaxRetries(0)
		if limit != "" {
			request = request.Param("limit", limit)
		}
		if token != "" {
			request = request.Param("continue", token)
		}
		page := &corev1.ConfigMapList{}
		if err := request.Do(ctx).Into(page); err != nil {
			return r.finish(op, r.log.now(), err)
		}
		if token == "" {
			revision = revisionOf(page.ResourceVersion)
		} else if revision != revisionOf(page.ResourceVersion) {
			revision = -1
		}
		objects = append(objects, observeAll(page.Items)...)
		if token = page.Continue; token == "" {
			break
		}
	}
	r.log.add(record{Kind: "ok", Process: r.name, Op: op, Revision: revision, Objects: objects})
	return true
}

// finish notes a read that gave nothing. It has no effect in any case, so its outcome is not in doubt.
func (r *historyReader) finish(op, at int64, err error) bool {
	kind, reason := outcomeOf(err)
	r.log.add(record{Kind: "fail", At: at, Process: r.name, Op: op, Reason: reason})
	return kind == "fail" && reason != "ConnectionRefused"
}
