{{/* What the schema cannot say. It is asked once, by the first object of every release. */}}
{{- define "sigstead.check" -}}
{{- $trial := include "sigstead.isTrial" . -}}
{{- if and $trial .Values.instance.domain -}}
{{- fail "instance.domain is set and keys.source is trial: a trial is reached by the cluster's own names. Make the instance outside with sigctl init, and set keys.source to secrets" -}}
{{- end -}}
{{- if and $trial .Values.ingress.enabled -}}
{{- fail "ingress.enabled is true and keys.source is trial: a trial has no public names. Make the instance outside with sigctl init, and set keys.source to secrets" -}}
{{- end -}}
{{- if not (or $trial .Values.instance.domain) -}}
{{- fail "instance.domain is empty: write the domain that sigctl init was told" -}}
{{- end -}}
{{- range $role := include "sigstead.roles" . | splitList " " -}}
{{- range $key := include "sigstead.roleKeys" (dict "root" $ "role" $role) | fromJsonArray -}}
{{- if and $trial (not (hasPrefix "file:" $key.uri)) -}}
{{- fail (printf "a key of %s is %s and keys.source is trial, which makes its keys in files: set keys.source to secrets" $role $key.uri) -}}
{{- end -}}
{{- if and (hasPrefix "pkcs11:" $key.uri) (not $.Values.keys.module) -}}
{{- fail (printf "a key of %s is %s and keys.module is empty: the image has no library of any token in it; name a volume that has it" $role $key.uri) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- range $role := include "sigstead.roles" . | splitList " " -}}
{{- if not (include "sigstead.config" (dict "root" $ "role" $role) | fromYaml).listeners.trusted_proxies -}}
{{- fail (printf "ingress.enabled is true and %s believes no proxy, so that all callers share the limits of one: write the addresses of the ingress controller as ingress.trustedProxies" $role) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $trial) (gt (int .Values.ca.replicas) 1) -}}
{{- range $part := list .Values.ca.issuers .Values.ca.metaIssuers -}}
{{- range $issuer, $entry := $part -}}
{{- if get $entry "single-use" -}}
{{- fail (printf "%s has single-use and ca.replicas is %d: each replica remembers only the tokens that it saw itself; set ca.replicas to 1" $issuer (int $.Values.ca.replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.metricsFrom) -}}
{{- fail "metrics.serviceMonitor.enabled is true and networkPolicy.metricsFrom is empty, so that nobody reaches the metrics: name the pods that read them" -}}
{{- end -}}
{{- if .Values.probe.enabled -}}
{{- if and $trial (not (include "sigstead.hasTest" .)) -}}
{{- fail "probe.enabled is true and the trial has no issuer of its own, so that the prober has no identity: enable oidc and ca.ownIssuer" -}}
{{- end -}}
{{- if not (or $trial .Values.ca.clusterIssuer .Values.probe.tokenSecret) -}}
{{- fail "probe.enabled is true and the prober has no identity: enable ca.clusterIssuer, or name a Secret with a token as probe.tokenSecret" -}}
{{- end -}}
{{- end -}}
{{- if and $trial .Values.begin.day -}}
{{- fail "begin.day is set and keys.source is trial: the logs of a trial begin by themselves, with its keys" -}}
{{- end -}}
{{- include "sigstead.checkBackup" . -}}
{{- $ports := dict -}}
{{- range $role := list "ca" "tlog" "ctlog" "tsa" "tuf" "oidc" -}}
{{- range $listener := list "public" "ops" -}}
{{- $address := get (get (get $.Values $role).config.listeners $listener) "address" -}}
{{- if or (hasPrefix "127." $address) (hasPrefix "[::1]" $address) -}}
{{- fail (printf "%s.config.listeners.%s.address is %s, which the cluster does not reach; write 0.0.0.0 or [::]" $role $listener $address) -}}
{{- end -}}
{{- $port := include "sigstead.port" (dict "root" $ "role" $role "listener" $listener) -}}
{{- if and $trial (hasKey $ports $port) -}}
{{- fail (printf "port %s is that of %s and of %s, which share the pod of a trial" $port (get $ports $port) $role) -}}
{{- end -}}
{{- $_ := set $ports $port $role -}}
{{- end -}}
{{- end -}}
{{- $port := .Values.submission.port | int64 | toString -}}
{{- if and (include "sigstead.submits" .) (hasKey $ports $port) -}}
{{- fail (printf "submission.port is %s, which is a port of %s: name one of its own" $port (get $ports $port)) -}}
{{- end -}}
{{- end -}}

{{/* What backups and a restore need to be told. */}}
{{- define "sigstead.checkBackup" -}}
{{- $backup := .Values.backup -}}
{{- if or $backup.enabled .Values.restore.role -}}
{{- if include "sigstead.isTrial" . -}}
{{- fail "backup.enabled or restore.role is set and keys.source is trial: a trial has all on one volume, its keys too, and is not made to last" -}}
{{- end -}}
{{- if eq (empty $backup.bucket.address) (empty $backup.existingClaim) -}}
{{- fail "backups need one place: name a bucket as backup.bucket.address, or a claim as backup.existingClaim" -}}
{{- end -}}
{{- if and $backup.bucket.address (not $backup.bucket.credentialsSecret) -}}
{{- fail "backup.bucket.credentialsSecret is empty: name the Secret with the credentials of the bucket" -}}
{{- end -}}
{{- if not $backup.passphraseSecret -}}
{{- fail "backup.passphraseSecret is empty: name the Secret with the passphrase of the backups" -}}
{{- end -}}
{{- if has "ReadWriteOncePod" .Values.persistence.accessModes -}}
{{- fail "persistence.accessModes has ReadWriteOncePod, and a backup reads the volume beside the pod: use ReadWriteOnce, or snapshots of volumes" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.restore.role (not .Values.restore.from) -}}
{{- fail "restore.from is empty: name the backup" -}}
{{- end -}}
{{- end -}}
