package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	recorder "k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	gardenGroup     = "garden.example.com"
	gardenFinalizer = gardenGroup + "/dig-up"
)

var treeKind = schema.GroupVersionKind{Group: gardenGroup, Version: "v1", Kind: "Tree"}

// runController is a program as operators are: a controller-runtime manager with an untouched rest.Config, which leads by
// a Lease, installs a type of its own, reconciles its objects with a finalizer, a status and an owned ConfigMap, and
// records events. It reports what it found, and how long the type took from its creation until it was served.
func runController(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("controller")
	objects := flags.Int("objects", 20, "how many objects are reconciled")
	_ = flags.Parse(args)
	log.SetLogger(logr.Discard())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	if err := apiextensionsv1.AddToScheme(scheme.Scheme); err != nil {
		return err
	}
	direct, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	namespace := "garden-" + newRunID()
	if err := direct.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	began := time.Now()
	if err := installTrees(ctx, direct); err != nil {
		return fmt.Errorf("the type: %w", err)
	}
	served := time.Since(began)

	manager, err := ctrl.NewManager(config, ctrl.Options{
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "gardener",
		LeaderElectionNamespace:       namespace,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	gardener := &gardener{client: manager.GetClient(), events: manager.GetEventRecorderFor("gardener")} //nolint:staticcheck
	if err := ctrl.NewControllerManagedBy(manager).For(newTree("", "")).Owns(&corev1.ConfigMap{}).Complete(gardener); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(running) }()

	for index := range *objects {
		tree := newTree(namespace, fmt.Sprintf("tree-%d", index))
		_ = unstructured.SetNestedField(tree.Object, int64(index), "spec", "height")
		if err := direct.Create(ctx, tree); err != nil {
			return err
		}
	}
	if err := until(ctx, func() (bool, error) { return allGrown(ctx, direct, namespace, *objects) }); err != nil {
		return fmt.Errorf("not all trees have grown: %w", err)
	}
	events := &corev1.EventList{}
	if err := until(ctx, func() (bool, error) {
		return len(events.Items) >= *objects, direct.List(ctx, events, client.InNamespace(namespace))
	}); err != nil {
		return fmt.Errorf("%d events: %w", len(events.Items), err)
	}
	owned := &corev1.ConfigMapList{}
	if err := direct.List(ctx, owned, client.InNamespace(namespace), client.MatchingLabels{"tree": "yes"}); err != nil {
		return err
	}
	settled := time.Now()
	// The definition goes last of all: its objects wait for the controller's finalizer.
	if err := direct.Delete(ctx, treeDefinition()); err != nil {
		return err
	}
	if err := until(ctx, func() (bool, error) {
		err := direct.Get(ctx, client.ObjectKey{Name: treeDefinition().Name}, treeDefinition())
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	}); err != nil {
		return fmt.Errorf("the type did not go: %w", err)
	}
	gone := time.Since(settled)
	stop()
	err = <-ended
	say(map[string]any{
		"event": "done", "servedMs": served.Milliseconds(), "settledMs": settled.Sub(began).Milliseconds(), "goneMs": gone.Milliseconds(),
		"owned": len(owned.Items), "events": len(events.Items),
		"dugUp": gardener.dugUp.Load(), "ended": fmt.Sprint(err),
	})
	return nil
}

// installTrees makes the type and waits as operators do: for the condition, and then for its endpoint.
func installTrees(ctx context.Context, c client.Client) error {
	definition := treeDefinition()
	if err := c.Create(ctx, definition); err != nil {
		return err
	}
	return until(ctx, func() (bool, error) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(definition), definition); err != nil {
			return false, err
		}
		for _, condition := range definition.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				trees := &unstructured.UnstructuredList{}
				trees.SetGroupVersionKind(treeKind)
				return true, c.List(ctx, trees)
			}
		}
		return false, nil
	})
}

func allGrown(ctx context.Context, c client.Client, namespace string, count int) (bool, error) {
	trees := &unstructured.UnstructuredList{}
	trees.SetGroupVersionKind(treeKind)
	if err := c.List(ctx, trees, client.InNamespace(namespace)); err != nil {
		return false, err
	}
	grown := 0
	for _, tree := range trees.Items {
		phase, _, _ := unstructured.NestedString(tree.Object, "status", "phase")
		seen, _, _ := unstructured.NestedInt64(tree.Object, "status", "observedGeneration")
		if phase == "Grown" && seen == tree.GetGeneration() {
			grown++
		}
	}
	return grown == count, nil
}

func until(ctx context.Context, condition func() (bool, error)) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true,
		func(context.Context) (bool, error) { return condition() })
}

func newTree(namespace, name string) *unstructured.Unstructured {
	tree := &unstructured.Unstructured{}
	tree.SetGroupVersionKind(treeKind)
	tree.SetNamespace(namespace)
	tree.SetName(name)
	return tree
}

func treeDefinition() *apiextensionsv1.CustomResourceDefinition {
	text := apiextensionsv1.JSONSchemaProps{Type: "string"}
	whole := apiextensionsv1.JSONSchemaProps{Type: "integer", Format: "int64"}
	object := func(properties map[string]apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Type: "object", Properties: properties}
	}
	root := object(map[string]apiextensionsv1.JSONSchemaProps{
		"spec":   object(map[string]apiextensionsv1.JSONSchemaProps{"height": whole}),
		"status": object(map[string]apiextensionsv1.JSONSchemaProps{"phase": text, "observedGeneration": whole}),
	})
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "trees." + gardenGroup},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: gardenGroup,
			Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "trees", Kind: "Tree"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &root},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			}},
		},
	}
}

type gardener struct {
	client client.Client
	events recorder.EventRecorder
	// How often an object went by the finalizer.
	dugUp atomic.Int64
}

// Reconcile sees to one tree: a finalizer, an owned ConfigMap, a status, and an event when it has grown.
func (g *gardener) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	tree := newTree("", "")
	if err := g.client.Get(ctx, request.NamespacedName, tree); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if tree.GetDeletionTimestamp() != nil {
		if controllerutil.RemoveFinalizer(tree, gardenFinalizer) {
			g.dugUp.Add(1)
			return ctrl.Result{}, client.IgnoreNotFound(g.client.Update(ctx, tree))
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(tree, gardenFinalizer) {
		if err := g.client.Update(ctx, tree); err != nil {
			return ctrl.Result{}, err
		}
	}
	leaves := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tree.GetNamespace(), Name: tree.GetName()}}
	if _, err := controllerutil.CreateOrUpdate(ctx, g.client, leaves, func() error {
		leaves.Labels = map[string]string{"tree": "yes"}
		return controllerutil.SetControllerReference(tree, leaves, scheme.Scheme)
	}); err != nil {
		return ctrl.Result{}, err
	}
	phase, _, _ := unstructured.NestedString(tree.Object, "status", "phase")
	if phase == "Grown" {
		return ctrl.Result{}, nil
	}
	before := tree.DeepCopy()
	_ = unstructured.SetNestedField(tree.Object, "Grown", "status", "phase")
	_ = unstructured.SetNestedField(tree.Object, tree.GetGeneration(), "status", "observedGeneration")
	if err := g.client.Status().Patch(ctx, tree, client.MergeFrom(before)); err != nil {
		return ctrl.Result{}, err
	}
	g.events.Event(tree, corev1.EventTypeNormal, "Grown", "it has leaves")
	return ctrl.Result{}, nil
}
