{{/*
The configuration files. Each is what the values say, and of what they leave out only the names that the release
decides: no field is made by hand, and none is left behind.
*/}}

{{/* (dict "root" $ "role" ROLE) gives the content of config.yaml. */}}
{{- define "sigstead.config" -}}
{{- $config := deepCopy (get .root.Values .role).config -}}
{{- if and .root.Values.ingress.trustedProxies (not (hasKey $config.listeners "trusted_proxies")) -}}
{{- $_ := set $config.listeners "trusted_proxies" .root.Values.ingress.trustedProxies -}}
{{- end -}}
{{- if eq .role "ca" -}}
{{- if not (hasKey $config "ct_log") -}}
{{- $_ := set $config "ct_log" (include "sigstead.ctLogs" .root | fromYamlArray) -}}
{{- end -}}
{{- else if eq .role "ctlog" -}}
{{- if and (include "sigstead.submits" .root) (not (hasKey $config "submission")) -}}
{{- $pair := dict "certificate" "/etc/sigstead/keys/submission.pem" "key" "/etc/sigstead/keys/submission.key" -}}
{{- $_ := set $config "submission" (dict "address" (printf "0.0.0.0:%d" (int64 .root.Values.submission.port)) "tls" $pair "client_ca" "/etc/sigstead/keys/submission-ca.pem") -}}
{{- end -}}
{{- if not (hasKey $config "origin") -}}
{{- $_ := set $config "origin" (include "sigstead.trialName" (dict "root" .root "name" "log1.ct" "field" "ctlog.config.origin")) -}}
{{- end -}}
{{- else if eq .role "tlog" -}}
{{- if not (hasKey $config "logs") -}}
{{- $_ := set $config "logs" (include "sigstead.trialLogs" .root | fromYamlArray) -}}
{{- end -}}
{{- else if eq .role "oidc" -}}
{{- if not (hasKey $config "issuer") -}}
{{- $_ := set $config "issuer" (include "sigstead.url" .) -}}
{{- end -}}
{{- end -}}
{{- /* The values name the passphrase of the key files that are there by default; other places have none. */ -}}
{{- range $field := list "key" "snapshot_key" "timestamp_key" -}}
{{- $key := get $config $field -}}
{{- if and $key (not (hasPrefix "file:" $key.uri)) -}}
{{- $_ := unset $key "passphrase_file" -}}
{{- end -}}
{{- end -}}
{{- /* Helm reads numbers as floating point, which has no room for a tree id; the values have it as text. */ -}}
{{- regexReplaceAll "tree_id: \"([0-9]+)\"" (toYaml $config) "tree_id: ${1}" -}}
{{- end -}}

{{/* The keys that a role signs with, as a list of JSON objects. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.roleKeys" -}}
{{- $config := (get .root.Values .role).config -}}
{{- $keys := list -}}
{{- range $part := concat (list $config) ($config.logs | default list) -}}
{{- range $field := list "key" "snapshot_key" "timestamp_key" -}}
{{- with get $part $field }}{{ $keys = append $keys . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{/*
Whether the ca enters certificates over mutual TLS. A real release has what that needs in its Secrets if it was laid out with a
name for it, and whoever writes the connection into the configurations has decided it there.
*/}}
{{- define "sigstead.submits" -}}
{{- $written := or (hasKey .Values.ca.config "ct_log") .Values.ctlog.config.submitters -}}
{{- if and .Values.submission.tls (not $written) (or (include "sigstead.isTrial" .) .Values.submission.service) }}true{{ end -}}
{{- end -}}

{{/* Inside the cluster, whatever the log is called outside. */}}
{{- define "sigstead.ctlogUrl" -}}
{{- $trial := include "sigstead.isTrial" . -}}
{{- $name := include "sigstead.fullname" . -}}
{{- if not $trial }}{{ $name = printf "%s-ctlog" $name }}{{ end -}}
{{- $host := include "sigstead.clusterHost" (dict "root" . "name" $name) -}}
{{- if include "sigstead.submits" . -}}
{{- /* The certificate was made for the name without its namespace, which its maker did not know. */ -}}
{{- printf "https://%s:%d/" (ternary $host .Values.submission.service (eq $trial "true")) (int64 .Values.submission.port) -}}
{{- else -}}
{{- printf "http://%s:%s/" $host (include "sigstead.port" (dict "root" . "role" "ctlog" "listener" "public")) -}}
{{- end -}}
{{- end -}}

{{/* The logs of the release that certificates are entered into, as the file of the authority has them. */}}
{{- define "sigstead.ctLogs" -}}
{{- $url := include "sigstead.ctlogUrl" . -}}
{{- $tls := "" -}}
{{- if include "sigstead.submits" . -}}
{{- $pair := dict "certificate" "/etc/sigstead/keys/submission-client.pem" "key" "/etc/sigstead/keys/submission-client.key" -}}
{{- $tls = dict "ca" "/etc/sigstead/keys/submission-ca.pem" "identity" $pair -}}
{{- end -}}
{{- range .Values.ca.ctLogs }}
- url: {{ printf "%slogs/%s" $url .id }}
  public_key: {{ printf "/etc/sigstead/keys/%s" .publicKey }}
  {{- with .endsFrom }}
  ends_from: {{ . | quote }}
  {{- end }}
  {{- with .endsUntil }}
  ends_until: {{ . | quote }}
  {{- end }}
  {{- with $tls }}{{ toYaml . | nindent 2 }}{{ end }}
{{- else }}
- url: {{ $url }}
  public_key: /etc/sigstead/keys/ctlog.pub
  {{- with $tls }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
{{- end -}}

{{/* The name of a trial's log. A real one is part of what its key was published with, so nothing here may guess it. */}}
{{- define "sigstead.trialName" -}}
{{- if not (include "sigstead.isTrial" .root) -}}
{{- fail (printf "%s is missing: take it from the values that `sigctl kubernetes lay-out` wrote" .field) -}}
{{- end -}}
{{- printf "%s.%s" .name (include "sigstead.host" (dict "root" .root "role" "tlog")) -}}
{{- end -}}

{{- define "sigstead.trialLogs" -}}
{{- $field := "tlog.config.logs" -}}
- face: rekor-v1
  origin: {{ include "sigstead.trialName" (dict "root" . "name" "rekor" "field" $field) }}
  # It only has to differ from other logs under the same name, and never to change.
  tree_id: {{ printf "%s/%s" .Release.Namespace .Release.Name | adler32sum | quote }}
  key: {uri: "file:/etc/sigstead/keys/rekor-v1.key", passphrase_file: /etc/sigstead/keys/passphrase}
  data: /var/lib/sigstead/rekor-v1
  anchor: /var/lib/sigstead-anchor/rekor-v1
- face: rekor-v2
  origin: {{ include "sigstead.trialName" (dict "root" . "name" "log1.rekor" "field" $field) }}
  key: {uri: "file:/etc/sigstead/keys/rekor-v2.key", passphrase_file: /etc/sigstead/keys/passphrase}
  data: /var/lib/sigstead/rekor-v2
  anchor: /var/lib/sigstead-anchor/rekor-v2
{{- end -}}

{{/* The file of issuers, in Fulcio's format. */}}
{{- define "sigstead.issuers" -}}
{{- $issuers := dict -}}
{{- if and .Values.oidc.enabled .Values.ca.ownIssuer -}}
{{- $url := (include "sigstead.config" (dict "root" . "role" "oidc") | fromYaml).issuer -}}
{{- $host := urlParse $url -}}
{{- $domain := printf "%s://%s" $host.scheme (index (splitList ":" $host.host) 0) -}}
{{- $also := list (dict "type" "uri" "subject-domain" $domain) -}}
{{- $_ := set $issuers $url (dict "issuer-url" $url "client-id" "sigstore" "type" "email" "also" $also) -}}
{{- end -}}
{{- if .Values.ca.clusterIssuer -}}
{{- $url := include "sigstead.clusterIssuerUrl" . -}}
{{- $_ := set $issuers $url (dict "issuer-url" $url "client-id" "sigstore" "type" "kubernetes") -}}
{{- end -}}
{{- $file := dict "oidc-issuers" (mergeOverwrite $issuers .Values.ca.issuers) -}}
{{- with .Values.ca.metaIssuers }}{{ $_ := set $file "meta-issuers" . }}{{ end -}}
{{- with .Values.ca.extensionArc }}{{ $_ := set $file "extension-arc" . }}{{ end -}}
{{- toYaml $file -}}
{{- end -}}

{{/* What stands as `iss` in the tokens of this cluster's service accounts. */}}
{{- define "sigstead.clusterIssuerUrl" -}}
{{- default (printf "https://kubernetes.default.svc.%s" .Values.global.clusterDomain) .Values.ca.clusterIssuerUrl -}}
{{- end -}}

{{/* Whether the ca asks the API server for the keys of the cluster, with a token of its own; clouds have them elsewhere. */}}
{{- define "sigstead.asksApiServer" -}}
{{- if and .Values.ca.clusterIssuer (hasPrefix "kubernetes.default" (urlParse (include "sigstead.clusterIssuerUrl" .)).host) }}true{{ end -}}
{{- end -}}
