// Command peers drives the unmodified Go remotedialer against Drover, in both roles. The tests build it once per
// remotedialer version (go.mod, v041.mod, v032.mod).
//
// It prints one line of JSON when it is ready and one per event, and ends when standard input does: a test that
// dies takes its peers with it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

var printing sync.Mutex

// say prints one event as a line of JSON.
func say(event map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(event)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "peers:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: peers agent|client|herd|server|http|load|echo [flags]"))
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var err error
	switch os.Args[1] {
	case "agent":
		err = runAgent(os.Args[2:])
	case "client":
		err = runClient(os.Args[2:])
	case "herd":
		err = runHerd(os.Args[2:])
	case "server":
		err = runServer(os.Args[2:])
	case "http":
		err = runHTTP(os.Args[2:])
	case "echo":
		err = runEcho(os.Args[2:])
	case "load":
		err = runLoad(os.Args[2:])
	default:
		err = fmt.Errorf("unknown mode %s", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}
