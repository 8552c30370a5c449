// Writes vectors.json beside it: what text/template of Go makes of templates over claims. Run it with
// `go run main.go > vectors.json`.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"text/template"
)

type vector struct {
	Template string `json:"template"`
	// Null if Go refuses the template, or fails to evaluate it.
	Output *string `json:"output"`
	// Whether Go refuses it before it sees a claim.
	Malformed bool `json:"malformed"`
}

var claims = map[string]string{
	"url": "https://ci.example", "ref": "main", "ref_type": "branch", "empty": "", "one": "1", "a1": "x", "_x": "y",
	"example.com/id": "42", "quote": `say "hi"`, "größe": "g", "yes": "true",
}

var templates = []string{
	// What the file of Fulcio has.
	"{{ .url }}/{{ .ref }}", "{{.url}}/{{.ref}}",
	`refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}`,
	`{{.url}}/{{(index . "example.com/id")}}/config`,
	`{{if eq (index . "example.com/id") "true"}}rerun{{ else }}""{{end}}`,
	`{{index . "example.com/id"}}`,
	// Fields.
	"{{.missing}}", "{{._x}}{{.a1}}", "{{.größe}}", "{{ .url.host }}", "{{ (.url).host }}", "{{.}}", "{{ . }}", "{{.1}}", "{{.1a}}",
	"{{.url .ref}}", "{{.url}}}", "{{{.url}}", "{{.url }}{{", "{{.url", "{{.url}", "{{", "{{}}", "{{ }}", "}}{{.ref}}",
	"{{\t.url\n}}", "{{.url\"a\"}}", "{{.url-}}", "{{.url -}}", "{{.example.com/id}}", "{{url}}", "{{.url|}}", "{{|.url}}", "{{.url | .ref}}",
	// Trims and comments.
	"a {{- .ref -}} b", "a {{- .ref }} b", "a \t\r\n{{- .ref -}}\n b", "{{-.ref}}", "{{- .ref}}", "{{.ref -}}", "{{.ref- }}", "a {{-}} b",
	"a {{- /* c */ -}} b", "a {{/* c */}} b", "a {{/* c */ -}} b", "a {{- /* c */}} b", "{{ /* c */}}", "{{/* c */ }}", "{{/* c }}", "{{/* }} */}}",
	"{{/**/}}x{{.ref}}", "{{- -}} x", "x {{- -}} x", "{{/* a */}}{{/* b */}}", "{{-3}}", "a {{- 3}}", "a {{- -3 -}} b",
	// Texts and numbers.
	`{{"a"}}`, `{{"a\"b\\c"}}`, `{{"a\tb"}}`, "{{`a\\b`}}", "{{`a\nb`}}", "{{\"a\nb\"}}", `{{"a}}"}}`, `{{"a}}`, `{{"a""b"}}`, `{{"a" "b"}}`, "{{`a}}",
	`{{"\q"}}`, `{{''}}`, `{{'a'}}`, "{{1}}", "{{-1}}", "{{+1}}", "{{0}}", "{{01}}", "{{1.5}}", "{{0x10}}", "{{1e3}}", "{{1_000}}", "{{9223372036854775807}}",
	"{{9223372036854775808}}", "{{1a}}", "{{--1}}", "{{true}}", "{{false}}", "{{nil}}", "{{$}}", "{{$x := .url}}", "{{.url, .ref}}",
	// Conditions.
	"{{if .ref}}a{{end}}", "{{if .empty}}a{{end}}", "{{if .empty}}a{{else}}b{{end}}", "{{if .missing}}a{{end}}", "{{if 0}}a{{else}}b{{end}}",
	"{{if 1}}a{{end}}", "{{if}}a{{end}}", "{{if }}a{{end}}", "{{if .ref}}a", "{{if .ref}}a{{else}}b", "{{end}}", "{{else}}", "{{if .ref}}a{{else}}b{{else}}c{{end}}",
	"{{if .empty}}a{{else if .ref}}b{{end}}", "{{if .empty}}a{{else if .empty}}b{{else}}c{{end}}", "{{if .empty}}a{{else if .empty}}b{{else if .ref}}c{{end}}d",
	"{{if .empty}}a{{ else  if .ref }}b{{ end }}", "{{if .empty}}a{{else .ref}}b{{end}}", "{{if .ref}}a{{end .ref}}", "{{if .ref}}{{if .empty}}a{{else}}b{{end}}{{end}}",
	"{{if .ref}}{{if .empty}}a{{end}}{{else}}b{{end}}", "{{if .empty}}{{.missing}}{{end}}x", "{{if .ref}} a {{- else}} b {{- end}} c", "{{if (.ref)}}a{{end}}",
	`{{if .ref | eq "main"}}a{{end}}`, `{{if eq .ref "main" | not}}a{{else}}b{{end}}`, "{{ifx}}", "{{if .ref}}a{{elseif .url}}b{{end}}", "{{ end}}",
	// Comparisons.
	`{{eq .ref "main"}}`, `{{eq .ref "other"}}`, `{{eq .ref "a" "main"}}`, `{{eq .ref "a" "b"}}`, `{{eq .ref}}`, `{{eq}}`, `{{eq .one 1}}`, "{{eq 1 1}}", "{{eq 1 2}}",
	`{{eq .ref .missing}}`, `{{eq .ref "main" .missing}}`, `{{eq (eq 1 1) (eq 2 2)}}`, `{{eq (eq 1 1) "true"}}`, `{{eq .yes "true"}}`, `{{ne .ref "main"}}`, `{{ne .ref "x"}}`,
	`{{ne .ref}}`, `{{ne .ref "a" "b"}}`, `{{ne 1 2}}`, `{{eq .ref"main"}}`, `{{eq(.ref)("main")}}`, `{{eq (.ref) ("main")}}`, `{{eq ( .ref ) "main" }}`, `{{eq . "x"}}`,
	`{{lt 1 2}}`, `{{len .ref}}`, `{{eq (index . "nothing") ""}}`,
	// Logic.
	"{{and .ref .url}}", "{{and .empty .url}}", "{{and .empty .missing}}", "{{and .ref .missing}}", "{{or .ref .missing}}", "{{or .empty .ref}}", "{{or .empty .empty}}x",
	"{{or .empty .missing}}", "{{and}}", "{{or}}", "{{and .ref}}", "{{or .ref}}", "{{not .ref}}", "{{not .empty}}", "{{not}}", "{{not .ref .url}}", `{{or (eq 1 2) (eq 1 1)}}`,
	`{{and (eq 1 1) (eq 1 2)}}`, `{{or (index . "nothing") "fallback"}}`, "{{not not .ref}}", "{{not (not .ref)}}", "{{or 0 1}}", "{{and 1 0}}", `{{or .empty 1}}`,
	// Index.
	`{{index . "nothing"}}x`, `{{index . "ref"}}`, `{{index .}}`, `{{index . .ref}}`, `{{index .ref "a"}}`, `{{index . "ref" "x"}}`, `{{"ref" | index .}}`, `{{index}}`, `{{index . 1}}`,
	"{{index . `ref`}}", `{{(index . "ref").x}}`,
	// Printf.
	`{{printf "%s" .ref}}`, `{{printf "%s/%s" .url .ref}}`, `{{.ref | printf "%s"}}`, `{{.ref | printf "%s/%s" .url}}`, `{{printf "100%%"}}`, `{{printf "%s"}}`, `{{printf "x" .ref}}`,
	`{{printf "%v" .ref}}`, `{{printf "%q" .ref}}`, `{{printf "%d" 1}}`, `{{printf "%5s" .ref}}`, `{{printf .ref}}`, `{{printf}}`, `{{printf "%s" 1}}`, `{{printf "%s" (eq 1 1)}}`,
	`{{printf "%"}}`, `{{printf "%s%%" .ref}}`, `{{printf "" }}`, `{{printf "%s" (printf "%s!" .ref)}}`, `{{printf "%s" .missing}}`,
	// Pipes and parentheses.
	`{{"main" | eq .ref}}`, `{{.ref | eq "main" | not}}`, `{{(.ref)}}`, `{{((.ref))}}`, `{{(.ref}}`, `{{.ref)}}`, `{{()}}`, `{{(.ref | printf "%s!")}}`, `{{.ref | printf}}`, `{{.ref|printf "%s"}}`,
	`{{.ref | not | not}}`, `{{(.ref) (.url)}}`, `{{"a" | "b"}}`, `{{eq .ref (printf "%s" "main")}}`,
	// What this language leaves out.
	"{{range .}}{{end}}", "{{with .ref}}{{.}}{{end}}", `{{define "x"}}{{end}}`, `{{template "x"}}`, `{{block "x" .}}{{end}}`, "{{html .ref}}", "{{js .ref}}", "{{urlquery .ref}}",
	"{{print .ref}}", "{{println .ref}}", "{{slice .ref 1}}", "{{call .ref}}", "{{break}}", "{{continue}}", "{{toUpper .ref}}", "{{len}}", "{{lt .ref .url}}",
	strings.Repeat("{{(((((.ref)))))}}", 2), "{{.ref}}\n{{range .}}", "größe {{.url}} {{bad .}}",
}

func main() {
	var file struct {
		Go      string            `json:"go"`
		Claims  map[string]string `json:"claims"`
		Vectors []vector          `json:"vectors"`
	}
	file.Go, file.Claims = runtime.Version(), claims
	for _, text := range templates {
		if !strings.Contains(text, "{{") {
			panic(text)
		}
		parsed, err := template.New("").Option("missingkey=error").Parse(text)
		found := vector{Template: text, Malformed: err != nil}
		if err == nil {
			var output strings.Builder
			if parsed.Execute(&output, claims) == nil {
				result := output.String()
				found.Output = &result
			}
		}
		file.Vectors = append(file.Vectors, found)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(file); err != nil {
		panic(err)
	}
}
