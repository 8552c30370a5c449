{{/* What the jobs of backups share: their volumes, and how they reach the backups. */}}

{{/* The name of a job for the pod of a role. (dict "root" $ "kind" KIND "role" ROLE "replica" NUMBER); a CronJob's has 52 letters at most. */}}
{{- define "sigstead.jobName" -}}
{{- $name := include "sigstead.fullname" .root -}}
{{- if gt (len $name) 32 }}{{ $name = printf "%s-%s" (trunc 25 $name | trimSuffix "-") (sha256sum $name | trunc 6) }}{{ end -}}
{{- printf "%s-%s-%s-%d" $name .kind .role (int .replica) -}}
{{- end -}}

{{/* How many pods a role has at least: those have a volume each. (dict "root" $ "role" ROLE) */}}
{{- define "sigstead.pods" -}}
{{- $values := get .root.Values .role -}}
{{- $autoscaling := $values.autoscaling | default dict -}}
{{- ternary $autoscaling.minReplicas ($values.replicas | default 1) ($autoscaling.enabled | default false) | int -}}
{{- end -}}

{{/* The labels of the jobs: no Service, budget or policy of a role is for them. */}}
{{- define "sigstead.jobLabels" -}}
{{ include "sigstead.labels" (dict "root" . "role" "backup") }}
{{- end -}}

{{/* Where the backups are, as the command line names it. */}}
{{- define "sigstead.backups" -}}
{{- .Values.backup.bucket.address | default "/var/lib/sigstead-backups" -}}
{{- end -}}

{{/* The options by which a command reaches them, as a list in JSON. */}}
{{- define "sigstead.backupOptions" -}}
{{- $options := list "--passphrase-file" "/etc/sigstead/passphrase/passphrase" -}}
{{- with .Values.backup.bucket -}}
{{- if .address -}}
{{- $options = concat $options (list "--credentials" "/etc/sigstead/bucket/credentials") -}}
{{- with .endpoint }}{{ $options = concat $options (list "--endpoint" .) }}{{ end -}}
{{- with .region }}{{ $options = concat $options (list "--region" .) }}{{ end -}}
{{- with .urlStyle }}{{ $options = concat $options (list "--url-style" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $options -}}
{{- end -}}

{{/*
The specification of a job's pod. It runs on the node where the pod of the role runs, or ran last, because a volume that one
node mounts is open to all pods of that node; and it has none of the role's keys.
(dict "root" $ "role" ROLE "replica" NUMBER "name" NAME "arguments" LIST "restores" BOOLEAN)
*/}}
{{- define "sigstead.backupPod" -}}
{{- $root := .root -}}
{{- $backup := $root.Values.backup -}}
{{- $set := printf "%s-%s" (include "sigstead.fullname" $root) .role -}}
{{- $pod := printf "%s-%d" $set (int .replica) -}}
{{- $values := omit $backup "affinity" -}}
{{- if not .restores -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict "statefulset.kubernetes.io/pod-name" $pod)) -}}
{{- $values = set $values "affinity" (dict "podAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term))) -}}
{{- end -}}
{{- $values = set $values "tolerations" (get $root.Values .role).tolerations -}}
{{- $mounts := list
  (dict "name" (printf "config-%s" .role) "mountPath" "/etc/sigstead/config" "readOnly" true)
  (dict "name" "client" "mountPath" "/etc/sigstead/client" "readOnly" true)
  (dict "name" "passphrase" "mountPath" "/etc/sigstead/passphrase" "readOnly" true)
  (dict "name" "data" "mountPath" "/var/lib/sigstead" "readOnly" (not .restores)) -}}
{{- if include "sigstead.keepsAnchor" .role -}}
{{- $mounts = append $mounts (dict "name" "anchor" "mountPath" "/var/lib/sigstead-anchor" "readOnly" (not .adopts)) -}}
{{- end -}}
{{- if $backup.bucket.address -}}
{{- $mounts = append $mounts (dict "name" "bucket" "mountPath" "/etc/sigstead/bucket" "readOnly" true) -}}
{{- if not .restores -}}
{{- $mounts = append $mounts (dict "name" "scratch" "mountPath" "/var/lib/sigstead-scratch") -}}
{{- end -}}
{{- else -}}
{{- $mounts = append $mounts (dict "name" "backups" "mountPath" "/var/lib/sigstead-backups" "readOnly" .restores) -}}
{{- end -}}
{{ include "sigstead.podSpec" (dict "root" $root "role" "backup" "values" $values) }}
restartPolicy: Never
containers:
  - {{- include "sigstead.container" (dict "root" $root "name" .name "arguments" .arguments "mounts" (toYaml $mounts) "resources" $backup.resources) | nindent 4 }}
volumes:
  {{- include "sigstead.volumes" (dict "root" $root "roles" (list .role)) | nindent 2 }}
  - {name: client, configMap: {name: {{ include "sigstead.client" $root }}}}
  - {name: passphrase, secret: {secretName: {{ $backup.passphraseSecret }}, defaultMode: 288}}
  - {name: data, persistentVolumeClaim: {claimName: data-{{ $pod }}}}
  {{- if include "sigstead.keepsAnchor" .role }}
  - {name: anchor, persistentVolumeClaim: {claimName: anchor-{{ $pod }}}}
  {{- end }}
  {{- if $backup.bucket.address }}
  - {name: bucket, secret: {secretName: {{ $backup.bucket.credentialsSecret }}, defaultMode: 288}}
  {{- if not .restores }}
  # A backup is made and proven before it is sent; a node's own disk need not have room for that.
  - name: scratch
    ephemeral:
      volumeClaimTemplate:
        metadata:
          labels: {{- include "sigstead.jobLabels" $root | nindent 12 }}
        {{- include "sigstead.claim" (dict "root" $root "role" "backup" "name" "scratch" "values" $backup.scratch) | fromYaml | dig "spec" dict | dict "spec" | toYaml | nindent 8 }}
  {{- end }}
  {{- else }}
  - {name: backups, persistentVolumeClaim: {claimName: {{ $backup.existingClaim }}}}
  {{- end }}
{{- end -}}
