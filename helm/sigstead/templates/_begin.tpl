{{/*
The specification of the pod that lets the logs of a role begin. It has both volumes, because a log with data and no anchor is
not new, and none of the role's keys. It runs on the node of the role's pod, which has the volumes mounted. (dict "root" $ "role" ROLE)
*/}}
{{- define "sigstead.beginPod" -}}
{{- $root := .root -}}
{{- $set := printf "%s-%s" (include "sigstead.fullname" $root) .role -}}
{{- $near := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict "statefulset.kubernetes.io/pod-name" (printf "%s-0" $set))) -}}
{{- $near = list (dict "weight" 100 "podAffinityTerm" $near) -}}
{{- $role := get $root.Values .role -}}
{{- $affinity := mergeOverwrite (deepCopy ($role.affinity | default dict)) (dict "podAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" $near)) -}}
{{- $values := dict "affinity" $affinity "tolerations" $role.tolerations "nodeSelector" $role.nodeSelector -}}
{{- $arguments := list "ctl" "kubernetes" "begin" .role "--on" $root.Values.begin.day -}}
{{- $mounts := list
  (dict "name" (printf "config-%s" .role) "mountPath" "/etc/sigstead/config" "readOnly" true)
  (dict "name" "data" "mountPath" "/var/lib/sigstead")
  (dict "name" "anchor" "mountPath" "/var/lib/sigstead-anchor") -}}
{{ include "sigstead.podSpec" (dict "root" $root "role" "backup" "values" $values) }}
restartPolicy: Never
containers:
  - {{- include "sigstead.container" (dict "root" $root "name" "begin" "arguments" $arguments "mounts" (toYaml $mounts) "resources" $root.Values.backup.resources) | nindent 4 }}
volumes:
  {{- include "sigstead.volumes" (dict "root" $root "roles" (list .role)) | nindent 2 }}
  - {name: data, persistentVolumeClaim: {claimName: data-{{ $set }}-0}}
  - {name: anchor, persistentVolumeClaim: {claimName: anchor-{{ $set }}-0}}
{{- end -}}
