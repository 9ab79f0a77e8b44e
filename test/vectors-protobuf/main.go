// Writes, from the Go types of Kubernetes, what schema/protobuf needs of them: `go run . descriptors` the generated
// files in schema/protobuf/descriptors, `go run . vectors` the test vectors. Run `npm run format` afterwards.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscaling "k8s.io/api/autoscaling/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	rbac "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// group is one API version, and the kinds of it that request bodies may hold.
type group struct {
	version schema.GroupVersion
	kinds   []kruntime.Object
}

var groups = []group{
	{core.SchemeGroupVersion, []kruntime.Object{
		&core.ConfigMap{}, &core.Event{}, &core.Namespace{}, &core.Secret{}, &core.ServiceAccount{},
	}},
	{authentication.SchemeGroupVersion, []kruntime.Object{
		&authentication.SelfSubjectReview{}, &authentication.TokenRequest{}, &authentication.TokenReview{},
	}},
	{authorization.SchemeGroupVersion, []kruntime.Object{
		&authorization.LocalSubjectAccessReview{}, &authorization.SelfSubjectAccessReview{},
		&authorization.SelfSubjectRulesReview{}, &authorization.SubjectAccessReview{},
	}},
	{apiextensions.SchemeGroupVersion, []kruntime.Object{&apiextensions.CustomResourceDefinition{}}},
	{autoscaling.SchemeGroupVersion, []kruntime.Object{&autoscaling.Scale{}}},
	{coordination.SchemeGroupVersion, []kruntime.Object{&coordination.Lease{}}},
	{events.SchemeGroupVersion, []kruntime.Object{&events.Event{}}},
	{rbac.SchemeGroupVersion, []kruntime.Object{
		&rbac.ClusterRole{}, &rbac.ClusterRoleBinding{}, &rbac.Role{}, &rbac.RoleBinding{},
	}},
}

// newScheme knows the kinds above and, in any version as kube-apiserver does, DeleteOptions.
func newScheme() *kruntime.Scheme {
	scheme := kruntime.NewScheme()
	for _, group := range groups {
		scheme.AddKnownTypes(group.version, group.kinds...)
	}
	scheme.AddUnversionedTypes(schema.GroupVersion{Version: "v1"}, &meta.DeleteOptions{})
	return scheme
}

func main() {
	log.SetFlags(0)
	_, here, _, _ := runtime.Caller(0)
	target := filepath.Join(filepath.Dir(here), "..", "..", "schema", "protobuf")
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . descriptors|vectors")
	}
	switch os.Args[1] {
	case "descriptors":
		writeDescriptors(filepath.Join(target, "descriptors"))
	case "vectors":
		writeVectors(filepath.Join(target, "vectors.jsonl"))
	default:
		log.Fatalf("unknown: %s", os.Args[1])
	}
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprint(err))
	}
}
