package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"flag"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// The messages of the bench's sketch (test/bench/floor): a kind, an id of four bytes, a payload.
const (
	echoAnswer = iota // answered with 1 KB
	echoWatch         // answered with stamps until echoStop
	echoStop
	echoBack // answered with itself
)

// runEcho is the agent of the bench's sketch: one WebSocket, on which each message is answered at once.
func runEcho(args []string) error {
	flags := flag.NewFlagSet("echo", flag.ExitOnError)
	url := flags.String("url", "", "wss URL")
	caFile := flags.String("ca", "", "PEM file that the server is verified with")
	_ = flags.Parse(args)
	pem, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	dialer := &websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}
	socket, _, err := dialer.Dial(*url, nil)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "connected"})
	var writing sync.Mutex
	send := func(head []byte, payload []byte) error {
		writing.Lock()
		defer writing.Unlock()
		return socket.WriteMessage(websocket.BinaryMessage, append(append(make([]byte, 0, 5+len(payload)), head...), payload...))
	}
	watches := map[uint32]chan struct{}{}
	body := make([]byte, 1024)
	for {
		_, message, err := socket.ReadMessage()
		if err != nil {
			return err
		}
		head, id := message[:5], binary.BigEndian.Uint32(message[1:5])
		switch message[0] {
		case echoAnswer:
			err = send(head, body)
		case echoBack:
			err = send(head, message[5:])
		case echoWatch:
			stop := make(chan struct{})
			watches[id] = stop
			go sendStamps(func() error { return send(head, stampLine()) }, stop)
		case echoStop:
			if stop, open := watches[id]; open {
				close(stop)
				delete(watches, id)
			}
		}
		if err != nil {
			return err
		}
	}
}

func sendStamps(send func() error, stop <-chan struct{}) {
	ticker := time.NewTicker(stampEvery)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if send() != nil {
				return
			}
		}
	}
}
