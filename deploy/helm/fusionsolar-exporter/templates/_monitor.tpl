{{- define "fusionsolar-exporter.onlyMonitor" -}}
{{- $enabled := list -}}
{{- range list "serviceMonitor" "podMonitor" "scrapeConfig" }}{{ if (index $.Values .).enabled }}{{ $enabled = append $enabled . }}{{ end }}{{ end -}}
{{- if gt (len $enabled) 1 }}
{{- fail (printf "%s are enabled: every sample would be there twice; choose one" (join " and " $enabled)) }}
{{- end }}
{{- if and .Values.sidecar.enabled (or .Values.serviceMonitor.enabled .Values.scrapeConfig.enabled) }}
{{- fail (printf "%s.enabled together with sidecar.enabled: there is no Service then; use podMonitor.enabled" (first $enabled)) }}
{{- end }}
{{- end }}

{{- define "fusionsolar-exporter.scheme" -}}
{{ default (ternary "https" "http" (not (empty .tlsConfig))) .scheme }}
{{- end }}

{{/* what endpoints of ServiceMonitor and PodMonitor and a ScrapeConfig have in common */}}
{{- define "fusionsolar-exporter.scraping" -}}
scrapeTimeout: {{ .scrapeTimeout }}
{{- range $theirs, $ours := dict "tlsConfig" .tlsConfig "basicAuth" .basicAuth "relabelings" .relabelings "metricRelabelings" .metricRelabelings }}
{{- with $ours }}
{{ $theirs }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
