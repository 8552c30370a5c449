{{/* One template for every pod, so that no role lags behind. */}}

{{/* Which roles keep something apart from their data: logs, for which it is the sign that the data are not old. */}}
{{- define "sigstead.keepsAnchor" -}}
{{- if or (eq . "tlog") (eq . "ctlog") }}true{{ end -}}
{{- end -}}

{{- define "sigstead.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- with .Values.podSecurity.fsGroup }}
fsGroup: {{ int64 . }}
# A volume that has its group already is not walked through at every start.
fsGroupChangePolicy: OnRootMismatch
{{- end }}
{{- end -}}

{{- define "sigstead.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The environment of every container: authorities, proxy and the library of a token, each from one value. */}}
{{- define "sigstead.env" -}}
{{- range $name, $value := .Values.keys.moduleEnv }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- if .Values.caBundle.existingConfigMap }}
- {name: SSL_CERT_FILE, value: /etc/sigstead/ca-bundle/{{ .Values.caBundle.key }}}
{{- end }}
{{- with .Values.proxy.url }}
- {name: HTTP_PROXY, value: {{ . | quote }}}
- {name: HTTPS_PROXY, value: {{ . | quote }}}
- {name: NO_PROXY, value: {{ concat (list "localhost" "127.0.0.1" ".svc" (printf ".%s" $.Values.global.clusterDomain)) (compact (list $.Values.submission.service)) $.Values.proxy.exclude | join "," | quote }}}
{{- end }}
{{- end -}}

{{/* A container of our image. (dict "root" $ "name" NAME "arguments" LIST "mounts" YAML "resources" MAP) */}}
{{- define "sigstead.container" -}}
name: {{ .name }}
image: {{ include "sigstead.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .arguments }}
{{- with include "sigstead.env" .root | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
securityContext: {{- include "sigstead.containerSecurity" .root | nindent 2 }}
resources: {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if .root.Values.caBundle.existingConfigMap }}
  - {name: ca-bundle, mountPath: /etc/sigstead/ca-bundle, readOnly: true}
  {{- end }}
  {{- .mounts | trim | nindent 2 }}
{{- end -}}

{{/* The container of a role. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.roleContainer" -}}
{{- $values := get .root.Values .role -}}
{{- $arguments := list .role "--config" "/etc/sigstead/config/config.yaml" -}}
{{- $ops := include "sigstead.port" (dict "root" .root "role" .role "listener" "ops") -}}
{{- $trial := include "sigstead.isTrial" .root -}}
{{- $resources := ternary .root.Values.trial.resources $values.resources (eq $trial "true") -}}
{{ include "sigstead.container" (dict "root" .root "name" .role "arguments" $arguments "mounts" (include "sigstead.roleMounts" .) "resources" $resources) }}
ports:
  - {name: {{ .role }}, containerPort: {{ include "sigstead.port" (dict "root" .root "role" .role "listener" "public") }}}
  - {name: {{ .role }}-ops, containerPort: {{ $ops }}}
  {{- if and (eq .role "ctlog") (include "sigstead.submits" .root) }}
  - {name: submission, containerPort: {{ int64 .root.Values.submission.port }}}
  {{- end }}
# Opening keys and reading a long log take their time, once.
startupProbe:
  httpGet: {path: /healthz, port: {{ .role }}-ops}
  periodSeconds: 2
  failureThreshold: 150
# Whether the process answers. Nothing that another service does can end it.
livenessProbe:
  httpGet: {path: /healthz, port: {{ .role }}-ops}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: {{ .role }}-ops}
  periodSeconds: 5
  timeoutSeconds: 5
lifecycle:
  # Until every node has heard that the pod is leaving, requests still come.
  preStop: {sleep: {seconds: 8}}
{{- end -}}

{{- define "sigstead.roleMounts" -}}
{{- $trial := include "sigstead.isTrial" .root -}}
- {name: config-{{ .role }}, mountPath: /etc/sigstead/config, readOnly: true}
{{- if eq .role "ca" }}
- {name: issuers, mountPath: /etc/sigstead/issuers, readOnly: true}
{{- end }}
{{- if .root.Values.keys.module }}
- {name: module, mountPath: {{ .root.Values.keys.modulePath }}, readOnly: true}
{{- end }}
{{- if $trial }}
- {name: data, mountPath: /etc/sigstead/keys, subPath: mounts/{{ .role }}, readOnly: true}
{{- if eq .role "oidc" }}
# For `sigctl token`, which a trial has in place of people.
- {name: data, mountPath: /trial, readOnly: true}
{{- end }}
{{- else }}
- {name: keys, mountPath: /etc/sigstead/keys, readOnly: true}
{{- end }}
- {name: data, mountPath: /var/lib/sigstead{{ if $trial }}, subPath: data/{{ .role }}{{ end }}}
{{- if include "sigstead.keepsAnchor" .role }}
- {name: anchor, mountPath: /var/lib/sigstead-anchor{{ if $trial }}, subPath: {{ .role }}{{ end }}}
{{- end }}
{{- end -}}

{{/* The volumes of every pod, claims apart. (dict "root" $ "roles" LIST) */}}
{{- define "sigstead.volumes" -}}
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 16Mi}}
{{- if .root.Values.caBundle.existingConfigMap }}
- {name: ca-bundle, configMap: {name: {{ .root.Values.caBundle.existingConfigMap }}}}
{{- end }}
{{- with .root.Values.keys.module }}
- {{- merge (dict "name" "module") . | toYaml | nindent 2 }}
{{- end }}
{{- range .roles }}
- {name: config-{{ . }}, configMap: {name: {{ include "sigstead.fullname" $.root }}-{{ . }}}}
{{- if eq . "ca" }}
- {name: issuers, configMap: {name: {{ include "sigstead.fullname" $.root }}-issuers}}
{{- end }}
{{- end }}
{{- end -}}

{{/* A claim for the pods of a StatefulSet. (dict "root" $ "name" NAME "values" MAP) */}}
{{- define "sigstead.claim" -}}
{{- $class := default .root.Values.global.storageClass .values.storageClass -}}
metadata:
  name: {{ .name }}
  labels: {{- include "sigstead.selector" . | nindent 4 }}
spec:
  accessModes: {{ toJson .root.Values.persistence.accessModes }}
  {{- with $class }}
  storageClassName: {{ . }}
  {{- end }}
  resources: {requests: {storage: {{ .values.size }}}}
{{- end -}}

{{/* What all pods have before their containers. (dict "root" $ "role" ROLE "values" MAP) */}}
{{- define "sigstead.podSpec" -}}
serviceAccountName: {{ include "sigstead.serviceAccount" .root }}
automountServiceAccountToken: {{ and (eq .role "ca") (eq (include "sigstead.asksApiServer" .root) "true") }}
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext: {{- include "sigstead.podSecurity" .root | nindent 2 }}
terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds | default 60 | int64 }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if hasKey .values "topologySpread" }}
topologySpreadConstraints:
  {{- if .values.topologySpread }}
  {{- toYaml .values.topologySpread | nindent 2 }}
  {{- else }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "sigstead.selector" $ | fromYaml | toJson }}}
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Labels and annotations of a pod; a new configuration makes new pods. (dict "root" $ "role" ROLE "roles" LIST "values" MAP) */}}
{{- define "sigstead.podMetadata" -}}
labels:
  {{- include "sigstead.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ first .roles }}
  {{- range .roles }}
  sigstead.dev/config-{{ . }}: {{ include "sigstead.config" (dict "root" $.root "role" .) | sha256sum }}
  {{- end }}
  {{- with mergeOverwrite (deepCopy .root.Values.global.podAnnotations) (.values.podAnnotations | default dict) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
