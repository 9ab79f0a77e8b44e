package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	agentNamespace = "/api/v1/namespaces/cattle-system"
	secretRef      = "rancher.io/service-account.secret-ref"
)

// kubeAPI is the cluster as its pods see it: address from the environment, token and CA of the mounted service account.
type kubeAPI struct {
	address   string
	token     string
	transport *http.Transport
}

func inCluster(root string) (*kubeAPI, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be set")
	}
	account := filepath.Join(root, "var", "run", "secrets", "kubernetes.io", "serviceaccount")
	token, err := os.ReadFile(filepath.Join(account, "token"))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("no certificate in ca.crt of the service account")
	}
	return &kubeAPI{
		address:   net.JoinHostPort(host, port),
		token:     string(token),
		transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
	}, nil
}

type kubeObject struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Data map[string]string `json:"data"`
}

func (k *kubeAPI) call(ctx context.Context, method, path, contentType string, body any) (int, kubeObject, error) {
	var object kubeObject
	text, err := json.Marshal(body)
	if err != nil {
		return 0, object, err
	}
	request, err := http.NewRequestWithContext(ctx, method, "https://"+k.address+path, bytes.NewReader(text))
	if err != nil {
		return 0, object, err
	}
	request.Header.Set("Authorization", "Bearer "+k.token)
	request.Header.Set("Content-Type", contentType)
	answer, err := (&http.Client{Transport: k.transport, Timeout: 15 * time.Second}).Do(request)
	if err != nil {
		return 0, object, err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode < http.StatusMultipleChoices {
		err = json.Unmarshal(read, &object)
	}
	return answer.StatusCode, object, err
}

// get is an error unless the object is there.
func (k *kubeAPI) get(ctx context.Context, path string) (kubeObject, error) {
	status, object, err := k.call(ctx, http.MethodGet, path, "application/json", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: HTTP %d", path, status)
	}
	return object, err
}

func (k *kubeAPI) has(ctx context.Context, path string) (bool, error) {
	status, _, err := k.call(ctx, http.MethodGet, path, "application/json", nil)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("GET %s: HTTP %d", path, status)
	}
	return status == http.StatusOK, err
}

func (k *kubeAPI) rootCA(ctx context.Context) (string, error) {
	configMap, err := k.get(ctx, agentNamespace+"/configmaps/kube-root-ca.crt")
	if err == nil && configMap.Data["ca.crt"] == "" {
		err = errors.New("ConfigMap kube-root-ca.crt has no ca.crt")
	}
	return configMap.Data["ca.crt"], err
}

// accountToken is the long-lived token of account cattle: of the Secret that the account names, or of a new one.
func (k *kubeAPI) accountToken(ctx context.Context) (string, error) {
	account, err := k.get(ctx, agentNamespace+"/serviceaccounts/cattle")
	if err != nil {
		return "", err
	}
	if _, name, found := strings.Cut(account.Metadata.Annotations[secretRef], "/"); found {
		if secret, err := k.get(ctx, agentNamespace+"/secrets/"+name); err == nil {
			return decoded(secret.Data["token"])
		}
	}
	status, secret, err := k.call(ctx, http.MethodPost, agentNamespace+"/secrets", "application/json", map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
		"metadata": map[string]any{
			"generateName": "cattle-token-",
			"annotations":  map[string]string{"kubernetes.io/service-account.name": "cattle"},
			"labels":       map[string]string{"cattle.io/service-account.name": "cattle"},
		},
	})
	if err != nil || status != http.StatusCreated {
		return "", fmt.Errorf("the token's Secret: HTTP %d, %w", status, err)
	}
	name := secret.Metadata.Name
	status, _, err = k.call(ctx, http.MethodPatch, agentNamespace+"/serviceaccounts/cattle", "application/merge-patch+json",
		map[string]any{"metadata": map[string]any{"annotations": map[string]string{secretRef: "cattle-system/" + name}}})
	if err != nil || status != http.StatusOK {
		return "", fmt.Errorf("the account's annotation: HTTP %d, %w", status, err)
	}
	for range 60 {
		secret, err := k.get(ctx, agentNamespace+"/secrets/"+name)
		if err != nil {
			return "", err
		}
		if secret.Data["token"] != "" {
			return decoded(secret.Data["token"])
		}
		time.Sleep(500 * time.Millisecond)
	}
	return "", errors.New("the token's Secret stays empty")
}

// applySecret makes the Secret, or gives it this data.
func (k *kubeAPI) applySecret(ctx context.Context, name string, data map[string]string) error {
	secret := map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": data,
		"metadata": map[string]any{"name": name, "namespace": "cattle-system"},
	}
	status, _, err := k.call(ctx, http.MethodPost, agentNamespace+"/secrets", "application/json", secret)
	if err == nil && status == http.StatusConflict {
		status, _, err = k.call(ctx, http.MethodPatch, agentNamespace+"/secrets/"+name, "application/merge-patch+json", secret)
	}
	if err == nil && status >= http.StatusMultipleChoices {
		err = fmt.Errorf("secret %s: HTTP %d", name, status)
	}
	return err
}
