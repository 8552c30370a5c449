// Writes vectors.json beside it: what net/url of Go makes of texts. Run it with `go run main.go > vectors.json`.
package main

import (
	"encoding/json"
	"net/url"
	"os"
	"runtime"
)

type parsed struct {
	Input string `json:"input"`
	// Null if Parse refuses the input.
	Output   *string `json:"output"`
	Scheme   string  `json:"scheme"`
	Hostname string  `json:"hostname"`
	User     bool    `json:"user"`
}

type joined struct {
	Base     string   `json:"base"`
	Elements []string `json:"elements"`
	Output   string   `json:"output"`
}

var inputs = []string{
	// What continuous integration systems give.
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0+build.1",
	"https://github.com/acme/app/.github/workflows/a b.yml@refs/heads/main",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/fix#1",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/why?",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/why?not",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a?b?c",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/größe",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/50%",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/50%zz",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/50%25",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a%2fb",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a%2Fb",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a%2Fb^c",
	"https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a%ffb",
	"https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
	"https://gitlab.example.com:8443/g/p//.gitlab-ci.yml@refs/heads/main",
	"https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/dependabot/npm/@types/node-1",
	"https://g.codefresh.io/acme/web/build:628a80b6/65e5a53e",
	"https://buildkite.com/acme/app/builds/42#0190-aa",
	"https://circleci.com/api/v2/projects/1-2/pipeline-definitions/3-4",
	"https://app.circleci.com//workflow/1/job/2",
	"spiffe://example.org/ns/default/sa/web",
	"https://kubernetes.io/namespaces/default/serviceaccounts/web",
	// Schemes.
	"HTTPS://example.com/1", "hTTp://example.com", "a+b-c.d://example.com/", "1http://example.com/", "://example.com/",
	":80/", "", "*", "example.com/x", "example.com:80/x", "/x", "//example.com/x", "///x", "https:", "https:/", "https://",
	"https:///x", "https:x", "https:x/y", "https:?x", "mailto:a@example.com", "urn:x:y", "javascript:alert(1)",
	"ht tp://example.com/", "h%74tp://example.com/",
	// Hosts and ports.
	"https://EXAMPLE.com/", "https://example.com:443/", "https://example.com:/", "https://example.com:port/",
	"https://example.com:80:80/", "x://example.com:80:80/", "x://example.com:80:port/", "https://exa mple.com/",
	"https://exämple.com/", "https://ex%C3%A4mple.com/", "https://ex%41mple.com/", "https://ex%25mple.com/",
	"https://ex%zzmple.com/", "https://example.com\\@evil.org/", "https://example.com%2Fevil/", "https://exa<m>ple.com/",
	"https://exa\"mple.com/", "https://exa`mple.com/", "https://exa{mple}.com/", "https://exa|mple.com/",
	"https://exa^mple.com/", "https://.example.com./", "https://exa!$&'()*+,;=mple.com/", "https://_x.example.com/",
	"https://[::1]/", "https://[::1]:8443/x", "https://[::1]:/x", "https://[::1]x/", "https://[::1/", "https://::1/",
	"https://x[::1]/", "https://[127.0.0.1]/", "https://[::ffff:1.2.3.4]/", "https://[x]/", "https://[]/",
	"https://[fe80::1%25en0]/", "https://[FE80::1]/", "https://[::1]]/", "https://a]b/", "https://127.0.0.1:80/x", "https://0x7f.1/",
	// User information.
	"https://a@example.com/", "https://a:b@example.com/", "https://a:@example.com/", "https://:b@example.com/",
	"https://@example.com/", "https://a@b@example.com/", "https://a%40b@example.com/", "https://a:b:c@example.com/",
	"https://ä@example.com/", "https://a b@example.com/", "https://a%20b@example.com/", "https://a%zz@example.com/",
	"https://a!$&'()*+,;=~_-.@example.com/", "https://a/b@example.com/", "https://a@", "https://gitlab.com@evil.org/g/p",
	// Paths.
	"https://example.com", "https://example.com/", "https://example.com//", "https://example.com/a//b/../c/./d/",
	"https://example.com/a b", "https://example.com/a+b", "https://example.com/a%20b", "https://example.com/a%20b c",
	"https://example.com/ä", "https://example.com/%c3%a4", "https://example.com/%c3%a4ö", "https://example.com/[x]",
	"https://example.com/{x}", "https://example.com/%7Bx%7D", "https://example.com/%7bx}", "https://example.com/a:b@c",
	"https://example.com/!$&'()*+,;=:@", "https://example.com/'", "https://example.com/(x)", "https://example.com/(x) y",
	"https://example.com/~-_.", "https://example.com/%7E", "https://example.com/a\\b", "https://example.com/a|b",
	"https://example.com/<x>", "https://example.com/\"x\"", "https://example.com/`x`", "https://example.com/^",
	"https://example.com/%", "https://example.com/%1", "https://example.com/%1g", "https://example.com/%00",
	"https://example.com/%41", "https://example.com/*", "https://example.com/a\tb", "https://example.com/a\nb",
	"https://example.com/a\x7fb", "https://example.com/\u0085", "https://example.com/\u202e", "https://example.com/%2e%2e/x",
	"https://example.com/\U0001f600", "https://example.com/%F0%9F%98%80",
	// Queries and fragments.
	"https://example.com?", "https://example.com/?", "https://example.com/??", "https://example.com/?a=b", "https://example.com?a=b",
	"https://example.com/?a b", "https://example.com/?ä", "https://example.com/?%zz", "https://example.com/?a?b#c?d",
	"https://example.com/#", "https://example.com/#a", "https://example.com#a", "https://example.com/#a#b",
	"https://example.com/#a b", "https://example.com/#ä", "https://example.com/#%c3%a4", "https://example.com/#%zz",
	"https://example.com/#!$&'()*+,;=:@/?", "https://example.com/#'", "https://example.com/#[x]", "https://example.com/#{x}",
	"https://example.com/#%41", "https://example.com/#\"x\"", "https://example.com/?#", "https://example.com/?#a",
	"https://example.com/#a\nb", "https://example.com/a#b%2Fc d",
}

var joins = []joined{
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/main"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/fix#1"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/why?not"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/größe"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/a b"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/a%2fb"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/a%2fb^c"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/50%zz"}},
	{Base: "https://github.com/", Elements: []string{"acme/app/.github/workflows/release.yml@refs/heads/50%"}},
	{Base: "https://github.com/", Elements: []string{"acme/app", "actions/runs", "42", "attempts", "1"}},
	{Base: "https://github.com/", Elements: []string{"/acme//app/"}},
	{Base: "https://github.com/", Elements: []string{"acme/./app/../lib"}},
	{Base: "https://github.com/", Elements: []string{"../../acme"}},
	{Base: "https://github.com/", Elements: []string{"acme/.."}},
	{Base: "https://github.com/", Elements: []string{"acme/../"}},
	{Base: "https://github.com/", Elements: []string{""}},
	{Base: "https://github.com/", Elements: []string{"/"}},
	{Base: "https://github.com/", Elements: []string{"//"}},
	{Base: "https://github.com/", Elements: []string{"."}},
	{Base: "https://github.com/", Elements: []string{"acme/", ""}},
	{Base: "https://github.com/", Elements: []string{"", "acme"}},
	{Base: "https://github.com", Elements: []string{"acme"}},
	{Base: "https://github.com", Elements: []string{""}},
	{Base: "https://gitlab.com/", Elements: []string{"g/p", "/-/jobs/", "42"}},
	{Base: "https://g.codefresh.io", Elements: []string{"acme", "web/build:628a80b6/65e5a53e"}},
	{Base: "https://g.codefresh.io/a//b/../c", Elements: []string{"build", "1"}},
	{Base: "https://g.codefresh.io/a%2fb", Elements: []string{"build"}},
	{Base: "https://g.codefresh.io/ä", Elements: []string{"build"}},
	{Base: "https://g.codefresh.io/?q#f", Elements: []string{"build"}},
	{Base: "https://u:p@g.codefresh.io:8443", Elements: []string{"build"}},
	{Base: "https://issuer.enforce.dev", Elements: []string{"18d6e5/4f2a:1"}},
	{Base: "https://issuer.enforce.dev/", Elements: []string{"https://x//y"}},
	{Base: "https://[::1]:1/", Elements: []string{"a", "b/"}},
}

func main() {
	var vectors struct {
		Go    string   `json:"go"`
		Parse []parsed `json:"parse"`
		Join  []joined `json:"join"`
	}
	vectors.Go = runtime.Version()
	for _, input := range inputs {
		vector := parsed{Input: input}
		if found, err := url.Parse(input); err == nil {
			output := found.String()
			vector.Output, vector.Scheme, vector.Hostname = &output, found.Scheme, found.Hostname()
			vector.User = found.User != nil
		}
		vectors.Parse = append(vectors.Parse, vector)
	}
	for _, join := range joins {
		base, err := url.Parse(join.Base)
		if err != nil {
			panic(err)
		}
		join.Output = base.JoinPath(join.Elements...).String()
		vectors.Join = append(vectors.Join, join)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(vectors); err != nil {
		panic(err)
	}
}
