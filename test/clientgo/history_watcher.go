package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// historyWatcher follows the ConfigMaps as a reflector does: a list (asked for, or as the beginning of a watch), then
// watches, each from where the last one broke off. Its watches are short, so that it resumes often.
type historyWatcher struct {
	*workload
	name string
	// streams: the list comes as the beginning of the watch (sendInitialEvents).
	streams bool
	// at is the last revision known to be complete; 0 before the first list.
	at atomic.Int64
}

func (w *historyWatcher) run(ctx context.Context) {
	var trouble backoff
	for ctx.Err() == nil {
		before := w.at.Load()
		var err error
		switch {
		case w.at.Load() > 0:
			err = w.follow(ctx, false)
		case w.streams:
			err = w.follow(ctx, true)
		default:
			err = w.list(ctx)
		}
		if ctx.Err() != nil {
			break
		}
		switch {
		case err == nil || w.at.Load() > before:
			trouble.reset()
		case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
			w.log.add(record{Kind: "expired", Process: w.name, Revision: w.at.Load(), Reason: err.Error()})
			w.at.Store(0)
		case w.streams && (apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)):
			w.log.add(record{Kind: "refused", Process: w.name, Reason: "list as a stream: " + err.Error()})
			w.streams = false
		default:
			trouble.wait(ctx)
		}
		reason := "the server ended the watch"
		if err != nil {
			reason = err.Error()
		}
		if before > 0 {
			w.log.add(record{Kind: "disconnect", Process: w.name, Revision: w.at.Load(), Reason: reason})
		}
	}
	w.log.add(record{Kind: "stopped", Process: w.name, Revision: w.at.Load()})
}

func (w *historyWatcher) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	began := w.log.now()
	list := &corev1.ConfigMapList{}
	err := w.core.Get().Namespace(w.namespace).Resource("configmaps").MaxRetries(0).Do(ctx).Into(list)
	if err != nil {
		return err
	}
	w.synced(began, "list", revisionOf(list.ResourceVersion), observeAll(list.Items))
	return nil
}

func (w *historyWatcher) synced(began int64, how string, revision int64, objects []seenObject) {
	w.log.add(record{
		Kind: "synced", Process: w.name, Began: began, How: how, Revision: revision, Objects: objects,
	})
	w.at.Store(revision)
}

// follow reads one watch to its end. With `initial` its beginning is the list.
func (w *historyWatcher) follow(ctx context.Context, initial bool) error {
	seconds := int64(1 + rand.IntN(6))
	// A server that has forgotten the watch would hold it open for ever.
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+requestPatience)
	defer cancel()
	options := &metav1.ListOptions{Watch: true, AllowWatchBookmarks: true, TimeoutSeconds: &seconds}
	if initial {
		options.SendInitialEvents = &initial
		options.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	} else {
		options.ResourceVersion = strconv.FormatInt(w.at.Load(), 10)
	}
	began := w.log.now()
	watching, err := w.core.Get().Namespace(w.namespace).Resource("configmaps").
		VersionedParams(options, scheme.ParameterCodec).MaxRetries(0).Watch(ctx)
	if err != nil {
		return err
	}
	defer watching.Stop()
	// What the stream has said until the bookmark that ends its list.
	listed := map[string]seenObject{}
	for event := range watching.ResultChan() {
		switch event.Type {
		case watch.Error:
			return apierrors.FromObject(event.Object)
		case watch.Bookmark:
			bookmark, err := configMapOf(event)
			if err != nil {
				return err
			}
			revision := revisionOf(bookmark.ResourceVersion)
			if !initial {
				w.log.add(record{Kind: "bookmark", Process: w.name, Revision: revision})
				w.at.Store(max(w.at.Load(), revision))
			} else if bookmark.Annotations[metav1.InitialEventsAnnotationKey] == "true" {
				objects := []seenObject{}
				for _, each := range listed {
					objects = append(objects, each)
				}
				w.synced(began, "stream", revision, objects)
				initial = false
			}
		default:
			object, err := configMapOf(event)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(object.Name, keyPrefix) {
				continue
			}
			seen := observe(object)
			switch {
			case !initial:
				w.log.add(record{Kind: "event", Process: w.name, Event: string(event.Type), Object: &seen})
				w.at.Store(max(w.at.Load(), seen.Revision))
			case event.Type == watch.Deleted:
				delete(listed, object.Name)
			default:
				listed[object.Name] = seen
			}
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the watch of %d s did not end by itself", seconds)
	}
	return nil
}

func configMapOf(event watch.Event) (*corev1.ConfigMap, error) {
	object, isConfigMap := event.Object.(*corev1.ConfigMap)
	if !isConfigMap {
		return nil, apierrors.NewGenericServerResponse(http.StatusInternalServerError, "watch", corev1.Resource("configmaps"),
			"", fmt.Sprintf("%s event with a %T", event.Type, event.Object), 0, true)
	}
	return object, nil
}
