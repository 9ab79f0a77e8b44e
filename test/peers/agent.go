package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rancher/remotedialer"
)

// podAgent behaves as Rancher's own cluster agent does in its pod (tunnel.md 2.2 to 2.10): the environment and files of
// the import manifest, the checks of its entrypoint, its reads in the cluster, and both sessions with the delays of the
// real one. Nothing of it knows that the server is not Rancher.
type podAgent struct {
	// root stands for the file system of the container.
	root      string
	serverURL string
	token     string
	cluster   *kubeAPI
	// caValid is what the check of the server's CA alone has found (CATTLE_CACERTS_VALID).
	caValid bool
	steve   sync.Once
}

// runAgent: its container's file system is under -root, its environment is the process's.
func runAgent(args []string) error {
	flags := flag.NewFlagSet("agent", flag.ExitOnError)
	root := flags.String("root", "", "directory that stands for the container's file system")
	_ = flags.Parse(args)
	agent := &podAgent{root: *root}
	if err := agent.entrypoint(); err != nil {
		return err
	}
	return agent.run(context.Background())
}

func (a *podAgent) path(parts ...string) string {
	return filepath.Join(append([]string{a.root}, parts...)...)
}

func (a *podAgent) run(ctx context.Context) error {
	var err error
	if a.serverURL, err = a.credential("url"); err != nil {
		return err
	}
	if a.token, err = a.credential("token"); err != nil {
		return err
	}
	if a.cluster, err = inCluster(a.root); err != nil {
		return err
	}
	params, err := a.params(ctx)
	if err != nil {
		return err
	}
	if a.caValid, err = a.verifyServer(); err != nil {
		return err
	}
	server, err := url.Parse(a.serverURL)
	if err != nil {
		return err
	}
	headers := http.Header{"X-API-Tunnel-Token": {a.token}, "X-API-Tunnel-Params": {params}}
	say(map[string]any{"event": "ready", "cacertsValid": a.caValid})
	for {
		address := fmt.Sprintf("wss://%s/v3/connect", server.Host)
		if !a.connectedBefore() {
			address += "/register"
		}
		err := remotedialer.ClientConnect(ctx, address, headers, nil, mayDial, func(ctx context.Context, _ *remotedialer.Session) error {
			say(map[string]any{"event": "main-connected", "url": address})
			if err := a.onConnect(ctx); err != nil {
				fail(err)
			}
			return nil
		})
		say(map[string]any{"event": "main-disconnected", "error": errorText(err)})
		time.Sleep(5 * time.Second)
	}
}

// credential reads a file of the mounted Secret as it is: nothing is trimmed.
func (a *podAgent) credential(name string) (string, error) {
	text, err := os.ReadFile(a.path("cattle-credentials", name))
	if err == nil && len(text) == 0 {
		err = fmt.Errorf("/cattle-credentials/%s is empty", name)
	}
	return string(text), err
}

// params are the parameters of the main session, made once: address and CA of the API server and the token of account cattle.
func (a *podAgent) params(ctx context.Context) (string, error) {
	ca, err := a.cluster.rootCA(ctx)
	if err != nil {
		return "", err
	}
	token, err := a.cluster.accountToken(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"cluster": map[string]string{
		"address": a.cluster.address,
		"caCert":  base64.StdEncoding.EncodeToString([]byte(ca)),
		"token":   token,
	}})
	return base64.StdEncoding.EncodeToString(text), err
}

func (a *podAgent) connectedBefore() bool {
	_, err := os.Stat(a.path("connected"))
	return err == nil || os.Getenv("CATTLE_AGENT_CONNECT") == "true"
}

// onConnect is what the agent does with each main session. An error ends the process.
func (a *podAgent) onConnect(ctx context.Context) error {
	if err := os.WriteFile(a.path("connected"), nil, 0o600); err != nil {
		return err
	}
	data := map[string]string{
		"CATTLE_SERVER":        a.serverURL,
		"CATTLE_TOKEN":         a.token,
		"CATTLE_CA_CHECKSUM":   os.Getenv("CATTLE_CA_CHECKSUM"),
		"url":                  a.serverURL + "/v3/connect",
		"token":                "stv-cluster-" + a.token,
		"CATTLE_CACERTS_VALID": strconv.FormatBool(a.caValid),
	}
	if ca, err := os.ReadFile(a.serverCA()); err == nil {
		data["ca.crt"] = string(ca)
	}
	if err := a.cluster.applySecret(ctx, "stv-aggregation", data); err != nil {
		return err
	}
	features, err := parseFeatures(os.Getenv("CATTLE_FEATURES"))
	if err != nil {
		say(map[string]any{"event": "features-rejected", "error": err.Error()})
	}
	if !features["multi-cluster-management-agent"] {
		return nil
	}
	if found, err := a.cluster.has(ctx, "/api/v1/namespaces/cattle-system/services/rancher"); err != nil || found {
		return err
	}
	// The embedded server outlives the session.
	a.steve.Do(func() { go a.serveSteve(context.Background()) })
	return nil
}

// mayDial is what the main session lets the server reach.
func mayDial(proto, address string) bool {
	switch proto {
	case "tcp":
		return true
	case "unix":
		return address == "/var/run/docker.sock"
	case "npipe":
		return address == "//./pipe/docker_engine"
	}
	return false
}

// knownFeatures are names that all releases with an agent of this kind know.
var knownFeatures = []string{
	"continuous-delivery", "fleet", "harvester", "istio-virtual-service-ui", "legacy", "managed-system-upgrade-controller",
	"multi-cluster-management", "multi-cluster-management-agent", "provisioningv2", "rke2", "token-hashing", "uiextension",
	"unsupported-storage-drivers",
}

// parseFeatures: one name that is unknown, or a value that is no bool, voids the whole list.
func parseFeatures(text string) (map[string]bool, error) {
	given := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		on, err := strconv.ParseBool(value)
		if err != nil {
			return nil, fmt.Errorf("feature %s: %w", name, err)
		}
		if !slices.Contains(knownFeatures, name) {
			return nil, errors.New("unknown feature " + name)
		}
		given[name] = on
	}
	return given, nil
}
