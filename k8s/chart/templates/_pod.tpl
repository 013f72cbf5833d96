{{/* What the pods of Airflow have in common. */}}

{{- define "airflow.securityContext" -}}
runAsNonRoot: true
runAsUser: {{ .uid }}
runAsGroup: {{ .gid }}
fsGroup: {{ .gid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "airflow.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/*
A list of variables as YAML, without those that the user sets: (dict "root" $ "entries" "…"). A name may be there once.
*/}}
{{- define "airflow.variables" -}}
{{- $theirs := dict -}}
{{- range .root.Values.env }}{{- $_ := set $theirs .name true -}}{{- end -}}
{{- range .entries | fromYamlArray }}
{{- if not (hasKey $theirs .name) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A container's environment: settings, secrets, then what the user adds, which goes before both. */}}
{{- define "airflow.env" -}}
envFrom:
  - configMapRef: {name: {{ include "airflow.name" . }}-config}
  {{- with .Values.envFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  {{- include "airflow.variables" (dict "root" . "entries" (include "airflow.secrets" .)) | trim | nindent 2 }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "airflow.secrets" -}}
{{- $keys := include "airflow.keys" . -}}
- name: AIRFLOW__CORE__FERNET_KEY
  valueFrom: {secretKeyRef: {name: {{ $keys }}, key: fernet-key}}
- name: AIRFLOW__{{ ternary "API" "WEBSERVER" (eq (include "airflow.major" .) "3") }}__SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ $keys }}, key: webserver-secret-key}}
- name: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN
  {{- if .Values.postgres.enabled }}
  valueFrom: {secretKeyRef: {name: {{ include "airflow.name" . }}-keys, key: connection}}
  {{- else }}
  valueFrom: {secretKeyRef: {name: {{ .Values.database.secret }}, key: connection}}
  {{- end }}
{{- if eq .Values.executor "CeleryExecutor" }}
- name: AIRFLOW__CELERY__BROKER_URL
  {{- if .Values.redis.enabled }}
  valueFrom: {secretKeyRef: {name: {{ include "airflow.name" . }}-keys, key: broker}}
  {{- else }}
  valueFrom: {secretKeyRef: {name: {{ .Values.broker.secret }}, key: url}}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What a component has besides: as "airflow.podTemplate". */}}
{{- define "airflow.componentVariables" -}}
{{- if and (has .component (list "api-server" "scheduler")) (eq (include "airflow.major" .root) "3") }}
# Signs what tasks show to the API: the scheduler gives it to them, and only the API reads it.
- name: AIRFLOW__API_AUTH__JWT_SECRET
  valueFrom: {secretKeyRef: {name: {{ include "airflow.keys" .root }}, key: jwt-secret}}
{{- end }}
{{- if .tasks }}
# SIGTERM goes to the main process alone, which lets its tasks end.
- {name: DUMB_INIT_SETSID, value: "0"}
{{- end }}
{{- if and (eq .component "triggerer") (not (hasKey (.root.Values.config.core | default dict) "hostname_callable")) }}
# Logs of deferred tasks are asked for by this name, and only a StatefulSet's pods have names that DNS knows.
- {name: AIRFLOW__CORE__HOSTNAME_CALLABLE, value: airflow.utils.net.get_host_ip_address}
{{- end }}
{{- with .env }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{/*
Names of the volumes that come in several kinds, each kind with its own: server-side apply of old API servers cannot
change the kind of a volume.
*/}}
{{- define "airflow.logsVolume" -}}
{{ if eq .logs "template" }}logs{{ else if .logs }}logs-claim{{ else }}logs-pod{{ end }}
{{- end -}}
{{- define "airflow.dagsVolume" -}}
dags-{{ .Values.dags.mode }}
{{- end -}}

{{/* Where a container can write, and where its DAGs are: (dict "root" $ "dags" true "writes" false). */}}
{{- define "airflow.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: {{ include "airflow.logsVolume" . }}, mountPath: /opt/airflow/logs}
{{- if .dags }}
{{- include "airflow.dagMounts" . | nindent 0 }}
{{- end }}
{{- with .root.Values.volumeMounts }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{- define "airflow.dagMounts" -}}
{{- $dags := .root.Values.dags -}}
{{- if eq $dags.mode "git" -}}
- {name: {{ include "airflow.dagsVolume" .root }}, mountPath: {{ include "airflow.dagsRoot" . }}}
{{- if $dags.git.secret }}
- {name: git-credentials, mountPath: /etc/dagship/git, readOnly: true}
{{- end }}
{{- else if include "airflow.synced" .root -}}
- {name: {{ include "airflow.dagsVolume" .root }}, mountPath: {{ include "airflow.dagsRoot" . }}, readOnly: true}
{{- else if eq $dags.mode "persistent" -}}
- {name: {{ include "airflow.dagsVolume" .root }}, mountPath: /opt/airflow/dags, readOnly: true}
{{- else if include "airflow.announced" .root -}}
# Whole: what is mounted by subPath never changes again.
- {name: dag-announced, mountPath: {{ include "airflow.announcedRoot" . }}, readOnly: true}
{{- end -}}
{{- end -}}

{{- define "airflow.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: {{ .root.Values.tmpSize }}}}
{{- if eq .logs "claim" }}
- {name: {{ include "airflow.logsVolume" . }}, persistentVolumeClaim: {claimName: {{ include "airflow.name" .root }}-logs}}
{{- else if ne .logs "template" }}
- {name: {{ include "airflow.logsVolume" . }}, emptyDir: {sizeLimit: {{ .root.Values.logs.size }}}}
{{- end }}
- {name: files, configMap: {name: {{ include "airflow.name" .root }}-files}}
{{- if .dags }}
{{- include "airflow.dagVolumes" .root | nindent 0 }}
{{- end }}
{{- with .root.Values.volumes }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}

{{- define "airflow.dagVolumes" -}}
{{- if eq .Values.dags.mode "git" -}}
- {name: {{ include "airflow.dagsVolume" . }}, emptyDir: {sizeLimit: {{ .Values.dags.git.size }}}}
{{- else if eq .Values.dags.mode "persistent" -}}
- {name: {{ include "airflow.dagsVolume" . }}, persistentVolumeClaim: {claimName: {{ include "airflow.dagsClaim" . }}}}
{{- else if include "airflow.announced" . -}}
# Made by the first deploy that announces a DAG version; without one the image's own is served.
- {name: dag-announced, configMap: {name: {{ include "airflow.name" . }}-dags, optional: true}}
{{- end }}
{{- if and (include "airflow.synced" .) .Values.dags.git.secret }}
# Readable for the group, which is how a container that is not root gets it.
- {name: git-credentials, secret: {secretName: {{ .Values.dags.git.secret }}, defaultMode: 0440}}
{{- end }}
{{- end -}}

{{/* The sync: (dict "root" $ "image" … "name" "dag-sync" "args" (list …)). */}}
{{- define "airflow.sync" -}}
name: {{ .name }}
image: {{ .image | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
# No shell and no dumb-init between: it ends at once when it is told to.
command: {{ concat (list "python" "-m" "dagship_versions.sync") .args | toJson }}
{{ include "airflow.env" .root }}
resources: {{ toYaml .root.Values.dags.git.resources | nindent 2 }}
securityContext: {{ include "airflow.containerSecurityContext" . | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: {{ include "airflow.dagsVolume" .root }}, mountPath: {{ include "airflow.dagsRoot" . }}}
  {{- if .root.Values.dags.git.secret }}
  - {name: git-credentials, mountPath: /etc/dagship/git, readOnly: true}
  {{- end }}
  {{- with .root.Values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Waits for what is there before DAGs can be read. */}}
{{- define "airflow.dagInit" -}}
{{- if eq .root.Values.dags.mode "git" }}
- {{ include "airflow.sync" (dict "root" .root "image" .image "name" "dag-sync-init" "args" (list "--once" "--patience" "60")) | nindent 2 | trim }}
{{- else if include "airflow.synced" .root }}
- name: wait-for-dags
  image: {{ .image | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [python, /opt/dagship/files/prepare.py, dags, {{ include "airflow.dagsRoot" . }}]
  resources: {{ toYaml .root.Values.dags.git.resources | nindent 4 }}
  securityContext: {{ include "airflow.containerSecurityContext" . | nindent 4 }}
  volumeMounts:
    - {name: files, mountPath: /opt/dagship/files, readOnly: true}
    {{- include "airflow.dagMounts" . | nindent 4 }}
{{- end }}
{{- end -}}

{{/*
A pod template: (dict "root" $ "component" … "kind" … "args" (list …) "resources" … and
  "dags"     whether it reads DAG files
  "waits"    whether it needs the tables
  "tasks"    whether tasks run in it: it then gets their time to end in
  "grace"    seconds otherwise
  "account"  what its account is for, if it talks to the Kubernetes API: "executor" or "logs"
  "logs"     where logs go: "" a directory of the pod, "claim" the release's claim, "template" a claim of its own
  "port"     name and number: (dict "name" … "number" …), or nothing
  "files"    whether its probes run the chart's programs
  "groomed"  whether old logs are deleted beside it
  "directory"  where it starts, if not where the image says
  "env", "mounts", "volumes"  what it has besides
  "probes"   YAML of its probes).
*/}}
{{- define "airflow.podTemplate" -}}
{{- $root := .root -}}
{{- $image := include "airflow.image" . -}}
metadata:
  labels: {{ include "airflow.labels" . | nindent 4 }}
  annotations:
    # Settings are environment, which is read at the start.
    checksum/config: {{ include "airflow.settings" $root | sha256sum }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- if .account }}
  serviceAccountName: {{ include "airflow.name" $root }}-{{ .account }}
  {{- else }}
  serviceAccountName: {{ include "airflow.name" $root }}
  automountServiceAccountToken: false
  {{- end }}
  terminationGracePeriodSeconds: {{ if .tasks }}{{ $root.Values.workers.terminationGracePeriodSeconds | int }}{{ else }}{{ .grace }}{{ end }}
  securityContext: {{ include "airflow.securityContext" (dict "uid" 50000 "gid" 0) | nindent 4 }}
  {{- include "airflow.placement" . | nindent 2 }}
  initContainers:
    {{- if .waits }}
    - name: wait-for-migrations
      image: {{ $image | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [python, /opt/dagship/files/prepare.py, wait]
      {{- include "airflow.env" $root | nindent 6 }}
      resources: {{ toYaml .resources | nindent 8 }}
      securityContext: {{ include "airflow.containerSecurityContext" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: {{ include "airflow.logsVolume" . }}, mountPath: /opt/airflow/logs}
        - {name: files, mountPath: /opt/dagship/files, readOnly: true}
        {{- with $root.Values.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- end }}
    {{- if .dags }}
    {{- include "airflow.dagInit" (dict "root" $root "image" $image) | nindent 4 }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ $image | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{ toJson .args }}
      {{- with .directory }}
      workingDir: {{ . }}
      {{- end }}
      {{- include "airflow.env" $root | nindent 6 }}
        {{- include "airflow.variables" (dict "root" $root "entries" (include "airflow.componentVariables" .)) | trim | nindent 8 }}
      {{- with .port }}
      ports: [{name: {{ .name }}, containerPort: {{ .number }}}]
      {{- end }}
      {{- .probes | nindent 6 }}
      resources: {{ toYaml .resources | nindent 8 }}
      securityContext: {{ include "airflow.containerSecurityContext" . | nindent 8 }}
      volumeMounts: {{ include "airflow.mounts" . | nindent 8 }}
        {{- if .files }}
        - {name: files, mountPath: /opt/dagship/files, readOnly: true}
        {{- end }}
        {{- with .mounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- if .groomed }}
    - name: log-groomer
      image: {{ $image | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [bash, /clean-logs]
      env: [{name: AIRFLOW__LOG_RETENTION_DAYS, value: {{ $root.Values.logs.keepDays | int | quote }}}]
      resources:
        requests: {cpu: 5m, memory: 16Mi}
        limits: {memory: 64Mi}
      securityContext: {{ include "airflow.containerSecurityContext" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: {{ include "airflow.logsVolume" . }}, mountPath: /opt/airflow/logs}
    {{- end }}
    {{- if and .dags (eq $root.Values.dags.mode "git") }}
    - {{ include "airflow.sync" (dict "root" $root "image" $image "name" "dag-sync" "args" list) | nindent 6 | trim }}
    {{- end }}
  volumes: {{ include "airflow.volumes" . | nindent 4 }}
    {{- with .volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* What every pod has: no variables of the namespace's Services, where it may run, and what pulls its image. */}}
{{- define "airflow.placement" -}}
# A Service of the name dagship or airflow would set variables that are read as settings.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- if .component }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "airflow.selector" . | fromYaml | toJson }}}
{{- end }}
{{- end -}}

{{/* A budget for what has more than one pod: (dict "root" $ "component" … "replicas" …). */}}
{{- define "airflow.budget" -}}
{{- if gt (int .replicas) 1 }}
---
apiVersion: {{ include "airflow.policyVersion" .root }}
kind: PodDisruptionBudget
metadata:
  name: {{ include "airflow.name" .root }}-{{ .component }}
  labels: {{ include "airflow.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {{ include "airflow.selector" . | fromYaml | toJson }}}
{{- end }}
{{- end -}}
