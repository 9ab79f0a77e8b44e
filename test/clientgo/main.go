// Command clientgo drives a Kubernetes API server with client-go: load, watch latency, a history of what many clients
// saw, informers, leader election, a service account. The bench and the crash tests run it against Drover and against real API servers.
//
// It prints one line of JSON per event, and ends when standard input does: a test that dies takes it along.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
)

var modes = map[string]func(context.Context, []string) error{
	"load":       runLoad,
	"watch":      runWatch,
	"history":    runHistory,
	"informer":   runInformer,
	"controller": runController,
	"leader":     runLeader,
	"candidate":  runCandidate,
	"account":    runAccount,
	"apply":      runApply,
	"socket":     runSocket,
	"openapi":    runOpenAPI,
}

var printing sync.Mutex

// say prints one event as a line of JSON.
func say(event map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(event)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "clientgo:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: clientgo load|watch|history|informer|controller|leader|account|apply|socket|openapi -kubeconfig <file> [flags]"))
	}
	// A candidate takes the end of its input as the request to give its Lease back.
	if os.Args[1] != "candidate" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	if err := modes[os.Args[1]](context.Background(), os.Args[2:]); err != nil {
		fail(err)
	}
}

// newFlags has the flag that every mode takes.
func newFlags(mode string) (*flag.FlagSet, *string) {
	flags := flag.NewFlagSet(mode, flag.ExitOnError)
	return flags, flags.String("kubeconfig", "", "path of a kubeconfig")
}
