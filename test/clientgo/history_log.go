package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// keyPrefix tells the workload's ConfigMaps from those that a cluster makes itself (kube-root-ca.crt).
const keyPrefix = "key-"

// seenObject is an object as somebody saw it. The value is unique to one write and is there twice, in the data and as a
// label, which a store may keep apart.
type seenObject struct {
	Key      string `json:"key"`
	UID      string `json:"uid"`
	Revision int64  `json:"revision"`
	Value    string `json:"value"`
	Label    string `json:"label"`
}

type precondition struct {
	UID      string `json:"uid,omitempty"`
	Revision int64  `json:"revision,omitempty"`
}

// record is one line of a history; test/checker/history.ts reads it. Times are ns since the start, monotonic, taken
// before a request is sent and after its answer is there.
type record struct {
	Kind    string `json:"kind"`
	At      int64  `json:"at"`
	Process string `json:"process,omitempty"`
	// invoke, ok, fail (it had no effect), unknown (nobody knows)
	Op           int64         `json:"op,omitempty"`
	Call         string        `json:"call,omitempty"`
	Key          string        `json:"key,omitempty"`
	Value        string        `json:"value,omitempty"`
	Precondition *precondition `json:"precondition,omitempty"`
	Reason       string        `json:"reason,omitempty"`
	UID          string        `json:"uid,omitempty"`
	Revision     int64         `json:"revision,omitempty"`
	// of a get that found something, of an event
	Object *seenObject `json:"object,omitempty"`
	// of a list
	Objects []seenObject `json:"objects,omitzero"`
	// of an event of a watch
	Event string `json:"event,omitempty"`
	// of a watcher's list: when it was asked for, and whether it came as a stream
	Began int64  `json:"began,omitempty"`
	How   string `json:"how,omitempty"`
}

type historyLog struct {
	start   time.Time
	ops     atomic.Int64
	mutex   sync.Mutex
	file    *os.File
	buffer  *bufio.Writer
	written map[string]int
	problem string
}

func openHistoryLog(path string) (*historyLog, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &historyLog{start: time.Now(), file: file, buffer: bufio.NewWriter(file), written: map[string]int{}}, nil
}

func (l *historyLog) now() int64 { return int64(time.Since(l.start)) }

// add fills in the time, unless the caller has taken it already.
func (l *historyLog) add(r record) {
	if r.At == 0 {
		r.At = l.now()
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.written[r.Kind]++
	if r.Reason != "" && r.Kind != "fail" {
		l.problem = r.Process + ": " + r.Reason
	}
	line, _ := json.Marshal(r)
	_, _ = l.buffer.Write(append(line, '\n'))
}

// invoke numbers an operation and notes that it is about to be sent.
func (l *historyLog) invoke(r record) int64 {
	r.Kind, r.Op = "invoke", l.ops.Add(1)
	l.add(r)
	return r.Op
}

func (l *historyLog) counts() map[string]int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.written
}

// lastProblem is for people: the last error that anybody met.
func (l *historyLog) lastProblem() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.problem
}

func (l *historyLog) close() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := l.buffer.Flush(); err != nil {
		return err
	}
	return l.file.Close()
}

// outcomeOf says whether a request that did not succeed certainly had no effect ("fail"), or may have had one.
func outcomeOf(err error) (kind, reason string) {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		code := status.Status().Code
		refused := code >= 400 && code < 500 && code != http.StatusRequestTimeout
		reason := string(status.Status().Reason)
		if reason == "" || !refused {
			reason = strconv.Itoa(int(code)) + " " + err.Error()
		}
		if refused {
			return "fail", reason
		}
		return "unknown", reason
	}
	// Nothing was sent.
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "fail", "ConnectionRefused"
	}
	return "unknown", err.Error()
}

// isAbsent tells an object that is not there from a path or a namespace that is not.
func isAbsent(err error, key string) bool {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	details := status.Status().Details
	return details != nil && details.Name == key
}

func observe(object *corev1.ConfigMap) seenObject {
	return seenObject{
		Key:      object.Name,
		UID:      string(object.UID),
		Revision: revisionOf(object.ResourceVersion),
		Value:    object.Data["value"],
		Label:    object.Labels["value"],
	}
}

func observeAll(items []corev1.ConfigMap) []seenObject {
	objects := []seenObject{}
	for index := range items {
		if strings.HasPrefix(items[index].Name, keyPrefix) {
			objects = append(objects, observe(&items[index]))
		}
	}
	return objects
}

// revisionOf is -1 for a resourceVersion that is no number, which the checker complains of.
func revisionOf(resourceVersion string) int64 {
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		return -1
	}
	return revision
}
