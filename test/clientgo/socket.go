package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/websocket"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// runSocket watches over a WebSocket and says each message as it came: its opcode, whether it ends in a line feed, and what
// event it holds. It ends when the server closes.
func runSocket(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("socket")
	path := flags.String("path", "", "path and query of the watch")
	protocol := flags.String("protocol", "", "subprotocol to offer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	target := strings.Replace(config.Host, "https://", "wss://", 1) + *path
	dial, err := websocket.NewConfig(target, config.Host)
	if err != nil {
		return err
	}
	if dial.TlsConfig, err = rest.TLSConfigFor(config); err != nil {
		return err
	}
	if config.BearerToken != "" {
		dial.Header.Set("Authorization", "Bearer "+config.BearerToken)
	}
	if *protocol != "" {
		dial.Protocol = []string{*protocol}
	}
	conn, err := dial.DialContext(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	say(map[string]any{"event": "open", "protocol": strings.Join(conn.Config().Protocol, ",")})
	for {
		var message message
		if err := rawMessages.Receive(conn, &message); err != nil {
			say(map[string]any{"event": "end", "orderly": err == io.EOF, "error": fmt.Sprint(err)})
			return nil
		}
		var event struct {
			Type   string `json:"type"`
			Object struct {
				Kind     string `json:"kind"`
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			} `json:"object"`
		}
		if err := json.Unmarshal(message.data, &event); err != nil {
			return err
		}
		say(map[string]any{
			"event":    "message",
			"text":     message.text,
			"lineFeed": strings.HasSuffix(string(message.data), "}\n"),
			"what":     fmt.Sprintf("%s %s %s", event.Type, event.Object.Kind, event.Object.Metadata.Name),
		})
	}
}

type message struct {
	text bool
	data []byte
}

// rawMessages keeps apart text and binary messages.
var rawMessages = websocket.Codec{
	Unmarshal: func(data []byte, payloadType byte, value any) error {
		*value.(*message) = message{text: payloadType == websocket.TextFrame, data: data}
		return nil
	},
}
