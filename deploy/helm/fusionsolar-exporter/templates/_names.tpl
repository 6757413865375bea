{{- define "fusionsolar-exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "fusionsolar-exporter.fullname" -}}
{{- $name := include "fusionsolar-exporter.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "fusionsolar-exporter.selector" -}}
app.kubernetes.io/name: {{ include "fusionsolar-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "fusionsolar-exporter.podLabels" -}}
{{ include "fusionsolar-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with omit .Values.commonLabels "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* of an object: [root, labels of its own] */}}
{{- define "fusionsolar-exporter.labels" -}}
{{- $root := first . -}}
{{- $all := include "fusionsolar-exporter.podLabels" $root | fromYaml -}}
{{- $own := dict "app.kubernetes.io/managed-by" $root.Release.Service "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version) -}}
{{ mergeOverwrite $all $own (deepCopy (default dict (last .))) | toYaml }}
{{- end }}

{{- define "fusionsolar-exporter.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}

{{- define "fusionsolar-exporter.serviceAccount" -}}
{{ default (ternary (include "fusionsolar-exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{/* every Secret that is mounted, each once */}}
{{- define "fusionsolar-exporter.secretNames" -}}
{{- prepend .Values.secretNames .Values.secretName | compact | uniq | toJson -}}
{{- end }}

{{- define "fusionsolar-exporter.claim" -}}
{{ default (include "fusionsolar-exporter.fullname" .) .Values.state.existingClaim }}
{{- end }}
