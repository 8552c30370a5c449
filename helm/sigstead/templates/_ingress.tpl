{{/* The public hosts of a role, as a JSON list: its own and those of its logs. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.hosts" -}}
{{- $config := include "sigstead.config" . | fromYaml -}}
{{- $hosts := list -}}
{{- if eq .role "tlog" -}}
{{- range $config.logs }}{{ $hosts = append $hosts .origin }}{{ end -}}
{{- else if eq .role "ctlog" -}}
{{- range concat (list $config) ($config.logs | default list) }}{{ $hosts = append $hosts (splitList "/" .origin | first) }}{{ end -}}
{{- end -}}
{{- append $hosts (include "sigstead.host" .) | uniq | toJson -}}
{{- end -}}

{{/* The public gRPC services of a role, as a JSON list. The issuer has none. */}}
{{- define "sigstead.grpcServices" -}}
{{- $services := dict
  "ca" "dev.sigstore.fulcio.v2.CA"
  "tlog" "dev.sigstore.rekor.v2.Rekor"
  "ctlog" "sigstead.ct.v1.CtLog"
  "tsa" "sigstead.timestamp.v1.TimestampAuthority"
  "tuf" "sigstead.trustroot.v1.TrustRoot" -}}
{{- $own := get $services . -}}
{{- ternary (list $own "grpc.health.v1.Health") list (ne $own "") | toJson -}}
{{- end -}}

{{/* (dict "root" $ "role" ROLE "suffix" SUFFIX "annotations" MAP "paths" LIST) */}}
{{- define "sigstead.ingress" -}}
{{- $name := printf "%s-%s" (include "sigstead.fullname" .root) .role -}}
{{- $hosts := include "sigstead.hosts" (dict "root" .root "role" .role) | fromJsonArray -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}{{ .suffix }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sigstead.labels" (dict "root" .root "role" .role) | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .root.Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- if .root.Values.ingress.tls }}
  tls:
    - secretName: {{ default (printf "%s-tls" $name) .root.Values.ingress.tlsSecret }}
      hosts: {{ toJson $hosts }}
  {{- end }}
  rules:
    {{- range $host := $hosts }}
    - host: {{ $host }}
      http:
        paths:
          {{- range $path := $.paths }}
          - path: {{ $path }}
            pathType: Prefix
            backend: {service: {name: {{ $name }}, port: {name: {{ $.role }}}}}
          {{- end }}
    {{- end }}
{{- end -}}
