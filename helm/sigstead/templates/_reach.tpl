{{/* What pods call outside of the release. */}}

{{/* The ports on which the ca reaches issuers, in order, with spaces between. Key sets are mostly on 443, wherever the issuer is. */}}
{{- define "sigstead.issuerPorts" -}}
{{- $file := include "sigstead.issuers" . | fromYaml -}}
{{- $ports := list "443" -}}
{{- range $part := list "oidc-issuers" "meta-issuers" -}}
{{- range $key, $issuer := get $file $part | default dict -}}
{{- $url := get $issuer "issuer-url" | default (get $issuer "IssuerURL") | default $key -}}
{{- $ports = append $ports (include "sigstead.portOfUrl" $url) -}}
{{- with get $issuer "jwks-uri" }}{{ $ports = append $ports (include "sigstead.portOfUrl" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if include "sigstead.asksApiServer" . -}}
{{- range .Values.networkPolicy.apiServerPorts }}{{ $ports = append $ports (. | int64 | toString) }}{{ end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{/* The ports of the servers that hold the keys of a role. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.keyServerPorts" -}}
{{- $ports := list -}}
{{- range include "sigstead.roleKeys" . | fromJsonArray -}}
{{- with .address }}{{ $ports = append $ports (include "sigstead.portOfUrl" .) }}{{ end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{/* Whether a role calls anything outside: issuers, witnesses, or a server with its keys. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.callsOut" -}}
{{- if include "sigstead.keyServerPorts" . }}true{{ else if eq .role "ca" }}true{{ else if eq .role "tlog" -}}
{{- range (include "sigstead.config" . | fromYaml).logs }}{{ if .witnesses }}true{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
