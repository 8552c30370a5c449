// Decodes Kubernetes objects from standard input strictly, with the types that the API server has: a field that it does not
// know, or of another type, is an error. It prints how many it decoded of each kind.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// The kinds that a chart of ours may have; any other is an error.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                     func() any { return new(appsv1.Deployment) },
	"apps/v1 StatefulSet":                    func() any { return new(appsv1.StatefulSet) },
	"autoscaling/v2 HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"batch/v1 CronJob":                       func() any { return new(batchv1.CronJob) },
	"batch/v1 Job":                           func() any { return new(batchv1.Job) },
	"networking.k8s.io/v1 Ingress":           func() any { return new(networkingv1.Ingress) },
	"networking.k8s.io/v1 NetworkPolicy":     func() any { return new(networkingv1.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":          func() any { return new(policyv1.PodDisruptionBudget) },
	"v1 ConfigMap":                           func() any { return new(corev1.ConfigMap) },
	"v1 PersistentVolumeClaim":               func() any { return new(corev1.PersistentVolumeClaim) },
	"v1 Pod":                                 func() any { return new(corev1.Pod) },
	"v1 Service":                             func() any { return new(corev1.Service) },
	"v1 ServiceAccount":                      func() any { return new(corev1.ServiceAccount) },
}

// Defined by the Prometheus operator and not by Kubernetes; they are counted and not looked into.
const foreign = "monitoring.coreos.com/v1 "

func decode(document []byte) (string, error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return "", err
	}
	kind := head.APIVersion + " " + head.Kind
	if len(kind) > len(foreign) && kind[:len(foreign)] == foreign {
		return kind, nil
	}
	made, known := kinds[kind]
	if !known {
		return kind, fmt.Errorf("the kind is not one of ours")
	}
	return kind, yaml.UnmarshalStrict(document, made())
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	counts := map[string]int{}
	failed := false
	for _, document := range bytes.Split(input, []byte("\n---\n")) {
		var value any
		if yaml.Unmarshal(document, &value) == nil && value == nil {
			continue
		}
		kind, err := decode(document)
		counts[kind]++
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n%s\n", kind, err, document)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(counts)
	if failed {
		os.Exit(1)
	}
}
