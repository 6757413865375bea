{{/* the accounts of the configuration: those of config, or the one of url and secretName */}}
{{- define "fusionsolar-exporter.accounts" -}}
{{- if .Values.config.accounts -}}
{{ toYaml .Values.config.accounts }}
{{- else -}}
- name: default
  url: {{ required "url is missing: set it to the host of the northbound interface, such as https://eu5.fusionsolar.huawei.com" .Values.url | quote }}
  {{- $secret := required "secretName is missing: set it to the name of a Secret with the keys username and password" .Values.secretName }}
  username_file: /etc/fusionsolar-secrets/{{ $secret }}/username
  password_file: /etc/fusionsolar-secrets/{{ $secret }}/password
{{- end -}}
{{- end }}

{{- define "fusionsolar-exporter.config" -}}
accounts:
  {{- include "fusionsolar-exporter.accounts" . | nindent 2 }}
{{- with omit .Values.config "accounts" }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* the ports that the accounts' hosts listen on, each once */}}
{{- define "fusionsolar-exporter.ports" -}}
{{- $ports := list -}}
{{- range include "fusionsolar-exporter.accounts" . | fromYamlArray -}}
{{- $url := urlParse (default "" .url) -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $ports = append $ports (int (default (ternary "80" "443" (eq $url.scheme "http")) $port)) -}}
{{- end -}}
{{- uniq $ports | toJson -}}
{{- end }}

{{/* the configuration of the Prometheus agent beside the exporter */}}
{{- define "fusionsolar-exporter.agentConfig" -}}
scrape_configs:
  - job_name: fusionsolar
    scrape_interval: {{ .Values.sidecar.agent.scrapeInterval }}
    static_configs:
      - targets: ["localhost:10035"]
{{- with .Values.sidecar.agent.remoteWrite }}
remote_write:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
