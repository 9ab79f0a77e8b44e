package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// A candidate must notice the loss of its Lease before another may take it: renew deadline < lease duration.
const (
	leaseDuration = 3 * time.Second
	renewDeadline = 2 * time.Second
	retryPeriod   = 300 * time.Millisecond
	leaseName     = "election"
)

// term is the time for which one candidate led; `until` is zero while it does.
type term struct {
	id          string
	from, until time.Time
}

// change is what a candidate said, by the clock that all of them share.
type change struct {
	Event string `json:"event"` // leading or stopped
	At    int64  `json:"at"`    // ns since 1970
	id    string
}

type candidate struct {
	process *exec.Cmd
	input   io.WriteCloser
}

type election struct {
	candidates map[string]*candidate
	changes    chan change
	terms      []term
}

// runLeader starts three candidates as processes of their own for one Lease, kills whoever leads, lets the next leader
// resign, and reports how often two led at once (never, if Leases work) and how long each handover took.
func runLeader(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("leader")
	_ = flags.Parse(args)
	clientset, err := connect(*kubeconfig, connectOptions{})
	if err != nil {
		return err
	}
	namespace := "leader-" + newRunID()
	if err := ensureNamespace(ctx, clientset, namespace); err != nil {
		return err
	}
	e := &election{candidates: map[string]*candidate{}, changes: make(chan change, 64)}
	defer e.end()
	for _, id := range []string{"a", "b", "c"} {
		if err := e.start(id, *kubeconfig, namespace); err != nil {
			return err
		}
	}

	first, err := e.nextLeader("the first election")
	if err != nil {
		return err
	}
	e.follow(2 * leaseDuration)
	killed := time.Now()
	_ = e.candidates[first.id].process.Process.Kill()
	e.close(first.id, time.Now())
	second, err := e.nextLeader("after the leader was killed")
	if err != nil {
		return err
	}
	e.follow(2 * leaseDuration)
	resigned := time.Now()
	_ = e.candidates[second.id].input.Close()
	third, err := e.nextLeader("after the leader resigned")
	if err != nil {
		return err
	}
	e.follow(2 * leaseDuration)
	holder, transitions, err := readLease(ctx, clientset, namespace)
	if err != nil {
		return err
	}
	ids := []string{}
	for _, each := range e.terms {
		ids = append(ids, each.id)
	}
	say(map[string]any{
		"event": "done", "terms": ids, "overlaps": overlaps(e.terms), "holderLeads": holder == third.id,
		"transitions": transitions, "afterKillMs": second.from.Sub(killed).Milliseconds(),
		"afterResignationMs": third.from.Sub(resigned).Milliseconds(),
	})
	return nil
}

func readLease(ctx context.Context, clientset *kubernetes.Clientset, namespace string) (string, int32, error) {
	lease, err := clientset.CoordinationV1().Leases(namespace).Get(ctx, leaseName, metav1.GetOptions{})
	if err != nil {
		return "", 0, err
	}
	if lease.Spec.HolderIdentity == nil || lease.Spec.LeaseTransitions == nil {
		return "", 0, fmt.Errorf("the Lease has no holder: %v", lease.Spec)
	}
	return *lease.Spec.HolderIdentity, *lease.Spec.LeaseTransitions, nil
}

// overlaps counts the pairs of terms of which one began before the other ended.
func overlaps(terms []term) int {
	count := 0
	for index, a := range terms {
		for _, b := range terms[index+1:] {
			if (a.until.IsZero() || b.from.Before(a.until)) && (b.until.IsZero() || a.from.Before(b.until)) {
				count++
			}
		}
	}
	return count
}

func (e *election) apply(c change) {
	at := time.Unix(0, c.At)
	if c.Event == "leading" {
		e.terms = append(e.terms, term{id: c.id, from: at})
	} else {
		e.close(c.id, at)
	}
}

// close ends the term of a candidate that leads; it may have ended already.
func (e *election) close(id string, at time.Time) {
	for index := range e.terms {
		if e.terms[index].id == id && e.terms[index].until.IsZero() {
			e.terms[index].until = at
		}
	}
}

// nextLeader waits until somebody begins to lead.
func (e *election) nextLeader(when string) (term, error) {
	patience := time.After(30 * time.Second)
	for {
		select {
		case c := <-e.changes:
			e.apply(c)
			if c.Event == "leading" {
				return e.terms[len(e.terms)-1], nil
			}
		case <-patience:
			return term{}, fmt.Errorf("%s: no leader within 30 s", when)
		}
	}
}

func (e *election) follow(long time.Duration) {
	end := time.After(long)
	for {
		select {
		case c := <-e.changes:
			e.apply(c)
		case <-end:
			return
		}
	}
}

func (e *election) start(id, kubeconfig, namespace string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.Command(self, "candidate", "-kubeconfig", kubeconfig, "-namespace", namespace, "-id", id)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	e.candidates[id] = &candidate{process, input}
	go func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			said := change{id: id}
			if json.Unmarshal(lines.Bytes(), &said) == nil {
				e.changes <- said
			}
		}
		_ = process.Wait()
	}()
	return nil
}

func (e *election) end() {
	for _, each := range e.candidates {
		_ = each.process.Process.Kill()
	}
}

// runCandidate takes part in the election until its standard input ends: then it gives the Lease back.
func runCandidate(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("candidate")
	namespace := flags.String("namespace", "", "of the Lease")
	id := flags.String("id", "", "who this is")
	_ = flags.Parse(args)
	clientset, err := connect(*kubeconfig, connectOptions{})
	if err != nil {
		return err
	}
	var leads atomic.Bool
	stopped := func() {
		if leads.CompareAndSwap(true, false) {
			say(map[string]any{"event": "stopped", "at": time.Now().UnixNano()})
		}
	}
	running, resign := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		// Before the Lease goes back: another may lead from that moment, and OnStoppedLeading comes after it.
		stopped()
		resign()
	}()
	leaderelection.RunOrDie(running, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: *namespace, Name: leaseName},
			Client:     clientset.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: *id},
		},
		LeaseDuration:   leaseDuration,
		RenewDeadline:   renewDeadline,
		RetryPeriod:     retryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {
				leads.Store(true)
				say(map[string]any{"event": "leading", "at": time.Now().UnixNano()})
			},
			OnStoppedLeading: stopped,
		},
	})
	return nil
}
