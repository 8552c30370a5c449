// Decodes the objects of YAML files with the types of those who read them in a cluster: Kyverno and Flux. A field that a type does not
// have is refused, and so is a kind that is not known here.
//
// Usage: policies-decode FILE... It prints kind and name of each object.
package main

import (
	"bytes"
	"fmt"
	"os"

	flux "github.com/fluxcd/source-controller/api/v1"
	kyverno "github.com/kyverno/api/api/policies.kyverno.io/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		fail(err)
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			fail(decode(document))
		}
	}
}

func decode(document []byte) error {
	var head struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	name := head.APIVersion + "/" + head.Kind
	known := map[string]any{
		"v1/Secret": &core.Secret{},
		"policies.kyverno.io/v1/ImageValidatingPolicy": &kyverno.ImageValidatingPolicy{},
		"source.toolkit.fluxcd.io/v1/OCIRepository":    &flux.OCIRepository{},
	}
	object, ok := known[name]
	if !ok {
		return fmt.Errorf("%s is not known", name)
	}
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return fmt.Errorf("%s %s: %w", name, head.Name, err)
	}
	fmt.Println(name, head.Name)
	return nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
