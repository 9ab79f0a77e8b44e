package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// runAccount is a program with a service account's token in a file, as in a pod: it asks who it is, and verifies its own
// token as any relying party would, by OpenID Connect discovery and the published keys.
func runAccount(ctx context.Context, args []string) error {
	flags, _ := newFlags("account")
	host := flags.String("host", "", "URL of the API")
	ca := flags.String("ca", "", "path of the CA")
	tokenFile := flags.String("token-file", "", "path of the token")
	issuer := flags.String("issuer", "", "who issues tokens")
	audience := flags.String("audience", "", "whom the token is for")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config := &rest.Config{
		Host:            *host,
		BearerTokenFile: *tokenFile,
		TLSClientConfig: rest.TLSClientConfig{CAFile: *ca},
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	review, err := clientset.AuthenticationV1().SelfSubjectReviews().Create(
		ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("self subject review: %w", err)
	}

	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		return err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return err
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Transport: transport})
	provider, err := oidc.NewProvider(ctx, *issuer)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: *audience})
	verified, err := verifier.Verify(ctx, strings.TrimSpace(string(token)))
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	foreign := provider.Verifier(&oidc.Config{ClientID: "somebody-else"})
	_, foreignError := foreign.Verify(ctx, strings.TrimSpace(string(token)))
	say(map[string]any{
		"event":   "account",
		"user":    review.Status.UserInfo,
		"subject": verified.Subject,
		"issuer":  verified.Issuer,
		"refused": foreignError != nil,
	})
	return nil
}
