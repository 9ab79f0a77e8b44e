package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// runInformer keeps a SharedInformer on -objects ConfigMaps while -writers create, update and delete among them, and
// compares its store with a list at the end, object by object.
func runInformer(ctx context.Context, args []string) error {
	flags, kubeconfig := newFlags("informer")
	objects := flags.Int("objects", 5000, "ConfigMaps at the start")
	writers := flags.Int("writers", 50, "clients that write")
	seconds := flags.Float64("seconds", 60, "how long they write")
	settle := flags.Float64("settle", 30, "seconds that the informer has to catch up at the end")
	_ = flags.Parse(args)

	var counts requestCounts
	writing, err := connect(*kubeconfig, connectOptions{})
	if err != nil {
		return err
	}
	reading, err := connect(*kubeconfig, connectOptions{gzip: true, seen: counts.count})
	if err != nil {
		return err
	}
	namespace := "informer-" + newRunID()
	if err := ensureNamespace(ctx, writing, namespace); err != nil {
		return err
	}
	names, err := fill(ctx, writing, namespace, *objects, 512)
	if err != nil {
		return err
	}

	informing, stop := context.WithCancel(ctx)
	defer stop()
	factory := informers.NewSharedInformerFactoryWithOptions(reading, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	var handled, watchErrors atomic.Int64
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, _ error) {
		watchErrors.Add(1)
	}); err != nil {
		return err
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { handled.Add(1) },
		UpdateFunc: func(any, any) { handled.Add(1) },
		DeleteFunc: func(any) { handled.Add(1) },
	}); err != nil {
		return err
	}
	began := time.Now()
	factory.Start(informing.Done())
	waiting, giveUp := context.WithTimeout(ctx, 60*time.Second)
	defer giveUp()
	if !cache.WaitForCacheSync(waiting.Done(), informer.HasSynced) {
		return fmt.Errorf("the informer did not sync within 60 s")
	}
	say(map[string]any{"event": "synced", "objects": len(informer.GetStore().List()), "ms": time.Since(began).Milliseconds()})

	writes, refused := churn(ctx, writing, namespace, names, *writers, time.Duration(*seconds*float64(time.Second)))
	differences, listed := -1, 0
	var examples []string
	began = time.Now()
	for time.Since(began).Seconds() < *settle {
		list, err := writing.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		listed = len(list.Items)
		examples = compareStore(informer.GetStore(), list.Items)
		differences = len(examples)
		if differences == 0 {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	say(map[string]any{
		"event": "done", "writes": writes, "refused": refused, "handled": handled.Load(), "objects": listed,
		"differences": differences, "examples": examples[:min(10, len(examples))],
		"caughtUpMs": time.Since(began).Milliseconds(), "watchErrors": watchErrors.Load(),
		"lists": counts.lists.Load(), "watches": counts.watches.Load(), "streamedLists": counts.streamedLists.Load(),
	})
	return nil
}

// churn lets writers change objects at random; what they run into with one another is refused and does not matter.
func churn(
	ctx context.Context, clientset *kubernetes.Clientset, namespace string, names []string, writers int, long time.Duration,
) (written, refused int64) {
	var done, failed atomic.Int64
	var group sync.WaitGroup
	deadline := time.Now().Add(long)
	for writer := range writers {
		group.Go(func() {
			for sent := 0; time.Now().Before(deadline); sent++ {
				err := changeOne(ctx, clientset, namespace, names[rand.IntN(len(names))], fmt.Sprintf("%d-%d", writer, sent))
				if err == nil {
					done.Add(1)
					continue
				}
				failed.Add(1)
				if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) && !apierrors.IsAlreadyExists(err) {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	group.Wait()
	return done.Load(), failed.Load()
}

func changeOne(ctx context.Context, clientset *kubernetes.Clientset, namespace, name, value string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	configMaps := clientset.CoreV1().ConfigMaps(namespace)
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"value": value}},
		Data:       map[string]string{"value": value},
	}
	var err error
	switch rand.IntN(10) {
	case 0, 1:
		err = configMaps.Delete(ctx, name, metav1.DeleteOptions{})
	case 2, 3, 4:
		_, err = configMaps.Create(ctx, object, metav1.CreateOptions{})
	default:
		_, err = configMaps.Update(ctx, object, metav1.UpdateOptions{})
	}
	return err
}

// compareStore gives one line for each object that the informer has otherwise than the list.
func compareStore(store cache.Store, items []corev1.ConfigMap) []string {
	differences := []string{}
	left := map[string]*corev1.ConfigMap{}
	for _, each := range store.List() {
		object := each.(*corev1.ConfigMap)
		left[object.Name] = object
	}
	for index := range items {
		item := &items[index]
		held, there := left[item.Name]
		delete(left, item.Name)
		switch {
		case !there:
			differences = append(differences, item.Name+" is missing from the informer")
		case held.ResourceVersion != item.ResourceVersion:
			differences = append(differences, fmt.Sprintf("%s: informer at %s, list at %s",
				item.Name, held.ResourceVersion, item.ResourceVersion))
		case !sameContent(held, item):
			differences = append(differences, item.Name+" differs at revision "+strconv.Quote(item.ResourceVersion))
		}
	}
	for name := range left {
		differences = append(differences, name+" is in the informer only")
	}
	return differences
}

func sameContent(a, b *corev1.ConfigMap) bool {
	x, y := a.DeepCopy(), b.DeepCopy()
	// A list does not repeat the type in its items; an event has it.
	x.TypeMeta, y.TypeMeta = metav1.TypeMeta{}, metav1.TypeMeta{}
	return reflect.DeepEqual(x, y)
}
