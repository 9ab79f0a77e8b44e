package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// entrypoint is what the container's script does before the agent itself (tunnel.md 2.2, steps 1 and 2).
func (a *podAgent) entrypoint() error {
	server := os.Getenv("CATTLE_SERVER")
	if server == "" {
		return errors.New("CATTLE_SERVER is not set")
	}
	unverified := &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	if _, err := fetch(unverified, server+"/ping"); err != nil {
		return fmt.Errorf("%s/ping is not accessible: %w", server, err)
	}
	// As the image sets it: Go adds what is there to the system's bundle.
	directory := filepath.Dir(a.serverCA())
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	if err := os.Setenv("SSL_CERT_DIR", directory); err != nil {
		return err
	}
	if os.Getenv("CATTLE_CA_CHECKSUM") == "" {
		return nil
	}
	return a.storeServerCA(unverified, server)
}

func (a *podAgent) serverCA() string { return a.path("etc", "kubernetes", "ssl", "certs", "serverca") }

func (a *podAgent) storeServerCA(client *http.Client, server string) error {
	text, err := fetch(client, server+"/v3/settings/cacerts")
	if err != nil {
		return err
	}
	var setting struct{ Value string }
	if err := json.Unmarshal(text, &setting); err != nil {
		return err
	}
	if setting.Value == "" {
		return errors.New("the server has no cacerts, but CATTLE_CA_CHECKSUM is set")
	}
	block, _ := pem.Decode([]byte(setting.Value))
	if block == nil {
		return errors.New("the value of cacerts is no PEM")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return fmt.Errorf("the value of cacerts is no certificate: %w", err)
	}
	sum := sha256.Sum256([]byte(setting.Value + "\n"))
	if found, wanted := hex.EncodeToString(sum[:]), os.Getenv("CATTLE_CA_CHECKSUM"); found != wanted {
		return fmt.Errorf("the checksum of cacerts is %s, and %s was expected", found, wanted)
	}
	return os.WriteFile(a.serverCA(), []byte(setting.Value+"\n"), 0o600)
}

// fetch fails on statuses from 400, as curl does with --fail.
func fetch(client *http.Client, address string) ([]byte, error) {
	answer, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// verifyServer says whether the server is trusted by the stored CA alone; an error ends the agent (tunnel.md 2.9).
func (a *podAgent) verifyServer() (bool, error) {
	strict := os.Getenv("STRICT_VERIFY") == "true"
	ca, err := os.ReadFile(a.serverCA())
	if err != nil && strict {
		return false, fmt.Errorf("strict CA verification is enabled but encountered error finding root CA: %w", err)
	}
	if err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		err := reach(a.serverURL, &tls.Config{RootCAs: pool})
		if err == nil {
			return true, nil
		}
		if strict {
			return false, fmt.Errorf("the server is not trusted by its CA: %w", err)
		}
	}
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var wrongHost x509.HostnameError
	if err := reach(a.serverURL, nil); errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &wrongHost) {
		return false, fmt.Errorf("the server is not trusted by the system's store: %w", err)
	}
	return false, nil
}

// reach takes any answer: only TLS and connecting may fail.
func reach(address string, config *tls.Config) error {
	client := &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableKeepAlives: true},
	}
	answer, err := client.Get(address)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
