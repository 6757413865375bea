{{- define "fusionsolar-exporter.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "fusionsolar-exporter.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "fusionsolar-exporter.podLabels" -}}
{{ include "fusionsolar-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "fusionsolar-exporter.labels" -}}
{{ include "fusionsolar-exporter.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "fusionsolar-exporter.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}

{{/* every Secret that is mounted, each once */}}
{{- define "fusionsolar-exporter.secretNames" -}}
{{- prepend .Values.secretNames .Values.secretName | compact | uniq | toJson -}}
{{- end }}

{{- define "fusionsolar-exporter.claim" -}}
{{ default (include "fusionsolar-exporter.fullname" .) .Values.state.existingClaim }}
{{- end }}
