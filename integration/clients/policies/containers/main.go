// Says whether a policy of containers/image, which CRI-O, Podman, Buildah and Skopeo read, lets an image in.
//
// Usage: containers-policy POLICY REGISTRIES IMAGE. REGISTRIES is a folder as /etc/containers/registries.d is; IMAGE is the name of an
// image in a registry without TLS. It ends with 0 if the image is let in, with 3 and the reason if it is not, else with 1.
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
)

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("name a policy, a folder of registries and an image"))
	}
	policy, err := signature.NewPolicyFromFile(os.Args[1])
	fail(err)
	admits, err := signature.NewPolicyContext(policy)
	fail(err)
	ctx := context.Background()
	system := &types.SystemContext{
		RegistriesDirPath:           os.Args[2],
		DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
	}
	reference, err := docker.ParseReference("//" + os.Args[3])
	fail(err)
	source, err := reference.NewImageSource(ctx, system)
	fail(err)
	admitted, err := admits.IsRunningImageAllowed(ctx, image.UnparsedInstance(source, nil))
	if !admitted {
		fmt.Println(err)
		os.Exit(3)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
