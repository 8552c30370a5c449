{{/* Everything of one role: configuration, Service, pods, budget. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.role" -}}
{{ include "sigstead.configMap" . }}
{{- if not (include "sigstead.isTrial" .root) }}
---
{{ include "sigstead.service" . }}
---
{{ include "sigstead.workload" . }}
{{- if gt (int (get .root.Values .role).replicas) 1 }}
---
{{ include "sigstead.budget" . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sigstead.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "sigstead.fullname" .root }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sigstead.labels" . | nindent 4 }}
data:
  config.yaml: |
    {{- include "sigstead.config" . | nindent 4 }}
{{- end -}}

{{- define "sigstead.service" -}}
{{- $values := get .root.Values .role -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sigstead.fullname" .root }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sigstead.labels" . | nindent 4 }}
  {{- with $values.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $values.service.type }}
  selector: {{- include "sigstead.selector" . | nindent 4 }}
  ports:
    - {name: {{ .role }}, port: {{ include "sigstead.port" (dict "root" .root "role" .role "listener" "public") }}, targetPort: {{ .role }}}
    - {name: {{ .role }}-ops, port: {{ include "sigstead.port" (dict "root" .root "role" .role "listener" "ops") }}, targetPort: {{ .role }}-ops}
{{- end -}}

{{/*
A StatefulSet, for each role keeps at least the record of what administrators did: of one pod, which ends before the next
begins, or of replicas with a volume each.
*/}}
{{- define "sigstead.workload" -}}
{{- $values := get .root.Values .role -}}
{{- $context := dict "root" .root "role" .role "roles" (list .role) "values" $values -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "sigstead.fullname" .root }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sigstead.labels" . | nindent 4 }}
spec:
  {{- if not (and (hasKey $values "autoscaling") ($values.autoscaling | default dict).enabled) }}
  replicas: {{ $values.replicas | default 1 | int64 }}
  {{- end }}
  selector:
    matchLabels: {{- include "sigstead.selector" . | nindent 6 }}
  serviceName: {{ include "sigstead.fullname" .root }}-{{ .role }}
  {{- if hasKey $values "replicas" }}
  # No replica waits for another: each has records of its own.
  podManagementPolicy: Parallel
  {{- end }}
  {{- include "sigstead.claimPolicy" .root | nindent 2 }}
  volumeClaimTemplates:
    - {{- include "sigstead.claim" (dict "root" .root "role" .role "name" "data" "values" $values.persistence) | nindent 6 }}
    {{- if include "sigstead.keepsAnchor" .role }}
    - {{- include "sigstead.claim" (dict "root" .root "role" .role "name" "anchor" "values" $values.anchor) | nindent 6 }}
    {{- end }}
  template:
    metadata: {{- include "sigstead.podMetadata" $context | nindent 6 }}
    spec:
      {{- include "sigstead.podSpec" $context | nindent 6 }}
      {{- if eq .role "tuf" }}
      initContainers:
        - {{- include "sigstead.publisher" .root | nindent 10 }}
      {{- end }}
      containers:
        - {{- include "sigstead.roleContainer" . | nindent 10 }}
        {{- if eq .role "tuf" }}
        - {{- include "sigstead.follower" .root | nindent 10 }}
        {{- end }}
      volumes:
        {{- include "sigstead.volumes" (dict "root" .root "roles" (list .role)) | nindent 8 }}
        - {name: keys, secret: {secretName: {{ include "sigstead.secret" . }}, defaultMode: 288}} # 0440: the root user, and the group that the pod alone is in
        {{- if eq .role "tuf" }}
        - {name: publication, configMap: {name: {{ include "sigstead.publication" .root }}}}
        {{- end }}
{{- end -}}

{{- define "sigstead.claimPolicy" -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: {{ ternary "Retain" "Delete" .Values.persistence.keep }}
  whenScaled: Retain
{{- end -}}

{{/* Brings what was published outside into the repository; what is there already stays as it is. */}}
{{- define "sigstead.publisher" -}}
{{- $arguments := list "ctl" "kubernetes" "publish" "/etc/sigstead/publication" "/var/lib/sigstead/repository" -}}
{{- $mounts := list -}}
{{- if include "sigstead.isTrial" . -}}
{{- $mounts = list
  (dict "name" "data" "mountPath" "/etc/sigstead/publication" "subPath" "mounts/publication" "readOnly" true)
  (dict "name" "data" "mountPath" "/var/lib/sigstead" "subPath" "data/tuf") -}}
{{- else -}}
{{- $mounts = list
  (dict "name" "publication" "mountPath" "/etc/sigstead/publication" "readOnly" true)
  (dict "name" "data" "mountPath" "/var/lib/sigstead") -}}
{{- end -}}
{{- include "sigstead.container" (dict "root" . "name" "publish" "arguments" $arguments "mounts" (toYaml $mounts) "resources" .Values.tuf.resources) -}}
{{- end -}}

{{/* Brings what is published later, so that no pod has to end for it. Of a real instance only: a trial publishes once. */}}
{{- define "sigstead.follower" -}}
{{- $arguments := list "ctl" "kubernetes" "publish" "/etc/sigstead/publication" "/var/lib/sigstead/repository" "--follow" -}}
{{- $mounts := list
  (dict "name" "publication" "mountPath" "/etc/sigstead/publication" "readOnly" true)
  (dict "name" "data" "mountPath" "/var/lib/sigstead") -}}
{{- include "sigstead.container" (dict "root" . "name" "follow" "arguments" $arguments "mounts" (toYaml $mounts) "resources" .Values.tuf.resources) -}}
{{- end -}}

{{- define "sigstead.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "sigstead.fullname" .root }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sigstead.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "sigstead.selector" . | nindent 6 }}
{{- end -}}
