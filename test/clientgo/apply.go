package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// runApply applies as controllers do: typed configurations of two managers, a conflict, what a manager owns extracted from
// the answer, and a custom type's status by the dynamic client. It says `applied` with what it saw.
func runApply(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("apply")
	namespace := flags.String("namespace", "default", "where to write")
	_ = flags.Parse(args)
	clientset, err := connect(*kubeconfig, connectOptions{})
	if err != nil {
		return err
	}
	configMaps := clientset.CoreV1().ConfigMaps(*namespace)
	config := func(data map[string]string) *applycorev1.ConfigMapApplyConfiguration {
		return applycorev1.ConfigMap("applied", *namespace).WithLabels(map[string]string{"by": "client-go"}).WithData(data)
	}
	one := metav1.ApplyOptions{FieldManager: "one"}
	two := metav1.ApplyOptions{FieldManager: "two"}
	if _, err := configMaps.Apply(ctx, config(map[string]string{"a": "1", "b": "1"}), one); err != nil {
		return fmt.Errorf("the first apply: %w", err)
	}
	_, err = configMaps.Apply(ctx, config(map[string]string{"a": "2"}), two)
	var causes []string
	if status, ok := err.(apierrors.APIStatus); ok && status.Status().Details != nil {
		for _, cause := range status.Status().Details.Causes {
			causes = append(causes, fmt.Sprintf("%s %s", cause.Type, cause.Field))
		}
	}
	conflict := apierrors.IsConflict(err)
	two.Force = true
	forced, err := configMaps.Apply(ctx, config(map[string]string{"a": "2"}), two)
	if err != nil {
		return fmt.Errorf("the forced apply: %w", err)
	}
	owned, err := applycorev1.ExtractConfigMap(forced, "two")
	if err != nil {
		return err
	}
	// What `one` applies no more goes; what `two` owns as well stays.
	last, err := configMaps.Apply(ctx, config(map[string]string{"c": "1"}), one)
	if err != nil {
		return fmt.Errorf("the last apply: %w", err)
	}
	same, err := configMaps.Apply(ctx, config(map[string]string{"c": "1"}), one)
	if err != nil {
		return fmt.Errorf("the same apply: %w", err)
	}
	condition, err := applyStatus(ctx, *kubeconfig, "c-applied")
	if err != nil {
		return fmt.Errorf("the apply to a status: %w", err)
	}
	say(map[string]any{
		"event": "applied", "conflict": conflict, "causes": causes, "owned": owned.Data, "data": last.Data,
		"idle": last.ResourceVersion == same.ResourceVersion, "condition": condition,
	})
	return nil
}

func applyStatus(ctx context.Context, kubeconfig, name string) (any, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	made := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "management.cattle.io/v3", "kind": "Cluster", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"displayName": "applied"},
	}}
	given := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "management.cattle.io/v3", "kind": "Cluster", "metadata": map[string]any{"name": name},
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Tested", "status": "True"}}},
	}}
	clusters := client.Resource(schema.GroupVersionResource{Group: "management.cattle.io", Version: "v3", Resource: "clusters"})
	if _, err := clusters.Apply(ctx, name, made, metav1.ApplyOptions{FieldManager: "maker"}); err != nil {
		return nil, err
	}
	applied, err := clusters.ApplyStatus(ctx, name, given, metav1.ApplyOptions{FieldManager: "status-controller", Force: true})
	if err != nil {
		return nil, err
	}
	for _, entry := range applied.GetManagedFields() {
		if entry.Manager == "status-controller" {
			return fmt.Sprintf("%s %s", entry.Operation, entry.Subresource), nil
		}
	}
	return "", nil
}
