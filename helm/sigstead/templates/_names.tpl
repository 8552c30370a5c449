{{/* Names, labels and addresses. `.` is the root of the chart unless a template says otherwise. */}}

{{- define "sigstead.fullname" -}}
{{- $name := .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- if contains "sigstead" $name }}{{ $name }}{{ else }}{{ printf "%s-sigstead" $name }}{{ end -}}
{{- end -}}

{{- define "sigstead.isTrial" -}}
{{- if eq .Values.keys.source "trial" }}true{{ end -}}
{{- end -}}

{{- define "sigstead.instance" -}}
{{- default .Release.Name .Values.instance.name -}}
{{- end -}}

{{/* The roles of the release, in a fixed order. */}}
{{- define "sigstead.roles" -}}
ca tlog ctlog tsa tuf{{ if .Values.oidc.enabled }} oidc{{ end }}
{{- end -}}

{{/* The host under which the cluster itself knows a Service. (dict "root" $ "name" NAME) */}}
{{- define "sigstead.clusterHost" -}}
{{- printf "%s.%s.svc.%s" .name .root.Release.Namespace .root.Values.global.clusterDomain -}}
{{- end -}}

{{/* The public host of a role. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.host" -}}
{{- if include "sigstead.isTrial" .root -}}
{{- include "sigstead.clusterHost" (dict "root" .root "name" (include "sigstead.fullname" .root)) -}}
{{- else -}}
{{- get .root.Values.ingress.hosts .role | default (printf "%s.%s" .role .root.Values.instance.domain) -}}
{{- end -}}
{{- end -}}

{{/* The public URL of a role, without a slash at its end. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.url" -}}
{{- $host := include "sigstead.host" . -}}
{{- if include "sigstead.isTrial" .root -}}
{{- printf "http://%s:%s" $host (include "sigstead.port" (dict "root" .root "role" .role "listener" "public")) -}}
{{- else -}}
{{- printf "https://%s" $host -}}
{{- end -}}
{{- end -}}

{{/* The port of a listener, as the configuration has it. (dict "root" $ "role" ROLE "listener" LISTENER) */}}
{{- define "sigstead.port" -}}
{{- $role := get .root.Values .role -}}
{{- get (get $role.config.listeners .listener) "address" | regexFind "[0-9]+$" -}}
{{- end -}}

{{/* What selects the pods of a role. (dict "root" $ "role" ROLE); a trial has one pod for all. */}}
{{- define "sigstead.selector" -}}
app.kubernetes.io/name: sigstead
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ if include "sigstead.isTrial" .root }}trial{{ else }}{{ .role }}{{ end }}
{{- end -}}

{{/* The labels of an object of a role. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.labels" -}}
{{ include "sigstead.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: sigstead
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sigstead.serviceAccount" -}}
{{- default (include "sigstead.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* The Secret of a role. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.secret" -}}
{{- default (printf "%s-%s" (include "sigstead.fullname" .root) .role) (get .root.Values .role).existingSecret -}}
{{- end -}}

{{- define "sigstead.publication" -}}
{{- default (printf "%s-publication" (include "sigstead.fullname" .)) .Values.tuf.existingPublication -}}
{{- end -}}

{{- define "sigstead.client" -}}
{{- default (printf "%s-client" (include "sigstead.fullname" .)) .Values.tests.existingClient -}}
{{- end -}}

{{- define "sigstead.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with .Values.global.imageRegistry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The port of a URL. */}}
{{- define "sigstead.portOfUrl" -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- end -}}

{{/* Whether `helm test` has an identity: in a trial it is one of the instance's own issuer. */}}
{{- define "sigstead.hasTest" -}}
{{- if include "sigstead.isTrial" . -}}
{{- if and .Values.oidc.enabled .Values.ca.ownIssuer }}true{{ end -}}
{{- else if or .Values.ca.clusterIssuer .Values.tests.tokenSecret }}true{{ end -}}
{{- end -}}
