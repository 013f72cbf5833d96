{{/* Names and facts that the templates share. `$` is the root wherever a dict is passed. */}}

{{- define "airflow.name" -}}
{{- if gt (len .Release.Name) 40 }}{{ fail (printf "The release's name %s has %d characters; at most 40 leave room for the components' names." .Release.Name (len .Release.Name)) }}{{ end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name) }}{{ fail (printf "The release's name %s cannot begin the name of a Service: that takes a letter first, then letters, digits and -." .Release.Name) }}{{ end -}}
{{ .Release.Name }}
{{- end -}}

{{/* "3" or "2". */}}
{{- define "airflow.major" -}}
{{- /* A pre-release, as 3.4.0b2, is no semantic version. */ -}}
{{- first (splitList "." .Values.airflowVersion) -}}
{{- end -}}

{{- define "airflow.web" -}}
{{ if eq (include "airflow.major" .) "3" }}api-server{{ else }}webserver{{ end }}
{{- end -}}

{{/* What selects a component's pods: (dict "root" $ "component" "worker"). */}}
{{- define "airflow.selector" -}}
app.kubernetes.io/name: airflow
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "airflow.labels" -}}
{{ include "airflow.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* The image that the values ask for. */}}
{{- define "airflow.valuesImage" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/*
The image of a workload: (dict "root" $ "kind" "Deployment" "component" "scheduler"). What runs stays as long as the
values ask for the same image as when it was set: a rollout has moved it since, and an upgrade for another reason must
not move it back. A workload that is new gets what the scheduler runs. Where the cluster cannot be asked (helm template,
Argo CD) it is the values' image.
*/}}
{{- define "airflow.image" -}}
{{- $image := include "airflow.liveImage" . -}}
{{- range $kind := list "Deployment" "StatefulSet" -}}
{{- $image = $image | default (include "airflow.liveImage" (dict "root" $.root "kind" $kind "component" "scheduler")) -}}
{{- end -}}
{{- $image | default (include "airflow.valuesImage" .root) -}}
{{- end -}}

{{/* The image that a workload runs, if the values have not changed since. */}}
{{- define "airflow.liveImage" -}}
{{- $live := lookup "apps/v1" .kind .root.Release.Namespace (printf "%s-%s" (include "airflow.name" .root) .component) | default dict -}}
{{- if and $live (eq (include "airflow.valuesImage" .root) (dig "metadata" "annotations" "dagship/image-of-values" "" $live)) -}}
{{- range $live.spec.template.spec.containers }}{{ if eq .name $.component }}{{ .image }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The same of the KubernetesExecutor's pods, whose image is in a ConfigMap. */}}
{{- define "airflow.podImage" -}}
{{- $live := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-pod-template" (include "airflow.name" .)) | default dict -}}
{{- if and $live (eq (include "airflow.valuesImage" .) (dig "metadata" "annotations" "dagship/image-of-values" "" $live)) -}}
{{- range (index $live.data "pod_template_file.yaml" | fromYaml).spec.containers }}{{ if eq .name "base" }}{{ .image }}{{ end }}{{ end -}}
{{- else -}}
{{- include "airflow.image" (dict "root" . "kind" (include "airflow.schedulerKind" .) "component" "scheduler") -}}
{{- end -}}
{{- end -}}

{{/* Marks of an object that carries the image. */}}
{{- define "airflow.imageAnnotations" -}}
# An upgrade keeps the image that runs, so rollout may move it.
dagship/keeps-image: "true"
dagship/image-of-values: {{ include "airflow.valuesImage" . | quote }}
{{- end -}}

{{/* The workload that runs Airflow's scheduler. */}}
{{- define "airflow.schedulerKind" -}}
{{ if eq .Values.executor "LocalExecutor" }}StatefulSet{{ else }}Deployment{{ end }}
{{- end -}}

{{- define "airflow.keys" -}}
{{ .Values.keys.secret | default (printf "%s-keys" (include "airflow.name" .)) }}
{{- end -}}

{{/* Whether the made Secret has to outlive the release, since what it opens does. */}}
{{- define "airflow.keysOutlive" -}}
{{ if or (not .Values.postgres.enabled) .Values.postgres.persistence }}true{{ end }}
{{- end -}}

{{/* Whether DAGs come by the sync, "true" or "". */}}
{{- define "airflow.synced" -}}
{{ if and (ne .Values.dags.mode "embedded") .Values.dags.git.url }}true{{ end }}
{{- end -}}

{{- define "airflow.dagsRoot" -}}/opt/airflow/dag-versions{{- end -}}

{{- define "airflow.dagsClaim" -}}
{{ .Values.dags.persistent.claim | default (printf "%s-dags" (include "airflow.name" .)) }}
{{- end -}}

{{/*
Whether its pods take a DAG version that is announced while they run, "true" or "": Airflow 3 alone says with each task
which one it is of, and git and volumes have their own way.
*/}}
{{- define "airflow.announced" -}}
{{ if and (eq .Values.dags.mode "embedded") (eq (include "airflow.major" .) "3") }}true{{ end }}
{{- end -}}

{{- define "airflow.announcedRoot" -}}/opt/airflow/dag-announced{{- end -}}

{{- define "airflow.policyVersion" -}}
{{ if .Capabilities.APIVersions.Has "policy/v1" }}policy/v1{{ else }}policy/v1beta1{{ end }}
{{- end -}}
