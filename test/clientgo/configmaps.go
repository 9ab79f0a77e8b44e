package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// newRunID keeps the names of one run apart from those of others on the same server.
func newRunID() string {
	return fmt.Sprintf("%06x", rand.IntN(1<<24))
}

// configMap has `size` bytes of data.
func configMap(name string, size int) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Data:       map[string]string{"data": strings.Repeat("x", size)},
	}
}

// fill makes ConfigMaps object-00000 … until there are `count`, and gives all their names.
func fill(ctx context.Context, clientset *kubernetes.Clientset, namespace string, count, size int) ([]string, error) {
	names := make([]string, count)
	for index := range names {
		names[index] = fmt.Sprintf("object-%05d", index)
	}
	present, err := clientset.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, item := range present.Items {
		there[item.Name] = true
	}
	missing := make(chan string, count)
	for _, name := range names {
		if !there[name] {
			missing <- name
		}
	}
	close(missing)
	var creators sync.WaitGroup
	problems := make(chan error, 32)
	for range cap(problems) {
		creators.Go(func() {
			for name := range missing {
				_, err := clientset.CoreV1().ConfigMaps(namespace).
					Create(ctx, configMap(name, size), metav1.CreateOptions{})
				if err != nil && !apierrors.IsAlreadyExists(err) {
					problems <- err
					return
				}
			}
		})
	}
	creators.Wait()
	select {
	case err := <-problems:
		return nil, err
	default:
		return names, nil
	}
}
