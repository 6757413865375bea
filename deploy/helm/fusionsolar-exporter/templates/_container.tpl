{{- define "fusionsolar-exporter.webConfigFlag" -}}
--web.config.file=/etc/fusionsolar-web/web.yml
{{- end }}

{{/* the exporter, the same in a deployment of its own and beside an application */}}
{{- define "fusionsolar-exporter.container" -}}
name: fusionsolar-exporter
image: {{ include "fusionsolar-exporter.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - serve
  - --config.file=/etc/fusionsolar-exporter/config.yml
  {{- if .Values.webConfigSecretName }}
  - {{ include "fusionsolar-exporter.webConfigFlag" . }}
  {{- end }}
  - --log.level={{ .Values.log.level }}
  - --log.format={{ .Values.log.format }}
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or .Values.extraEnv (ne .Values.state.volume "none") }}
env:
  {{- if ne .Values.state.volume "none" }}
  - name: STATE_DIRECTORY
    value: /var/lib/fusionsolar-exporter
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
ports:
  # not "metrics" or "http", which an application beside it may want
  - name: fusionsolar
    containerPort: 10035
{{- if .Values.webConfigSecretName }}
{{- /* the kubelet has neither password nor certificate */}}
{{- $asking := printf "exec: {command: [fusionsolar-exporter, healthcheck, %s]}" (include "fusionsolar-exporter.webConfigFlag" .) }}
startupProbe:
  {{ $asking }}
  periodSeconds: 5
  timeoutSeconds: 10
  failureThreshold: 12
livenessProbe:
  {{ $asking }}
  periodSeconds: 60
  timeoutSeconds: 10
readinessProbe:
  {{ $asking }}
  periodSeconds: 30
  timeoutSeconds: 10
{{- else }}
startupProbe:
  httpGet: {path: /-/healthy, port: fusionsolar}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /-/healthy, port: fusionsolar}
  periodSeconds: 30
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /-/ready, port: fusionsolar}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "fusionsolar-exporter.securityContext" (list . .Values.securityContext 10035) | nindent 2 }}
volumeMounts:
  - name: fusionsolar-exporter-config
    mountPath: /etc/fusionsolar-exporter
    readOnly: true
  {{- if .Values.webConfigSecretName }}
  - name: fusionsolar-exporter-web
    mountPath: /etc/fusionsolar-web
    readOnly: true
  {{- end }}
  {{- range include "fusionsolar-exporter.secretNames" . | fromJsonArray }}
  - name: fusionsolar-secret-{{ . | replace "." "-" | trunc 40 | trimSuffix "-" }}
    mountPath: /etc/fusionsolar-secrets/{{ . }}
    readOnly: true
  {{- end }}
  {{- if ne .Values.state.volume "none" }}
  - name: fusionsolar-exporter-state
    mountPath: /var/lib/fusionsolar-exporter
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "fusionsolar-exporter.volumes" -}}
- name: fusionsolar-exporter-config
  configMap:
    name: {{ include "fusionsolar-exporter.fullname" . }}
    items:
      - key: config.yml
        path: config.yml
{{- if .Values.webConfigSecretName }}
- name: fusionsolar-exporter-web
  secret:
    secretName: {{ .Values.webConfigSecretName }}
    optional: false
    defaultMode: 0440
{{- end }}
{{- range include "fusionsolar-exporter.secretNames" . | fromJsonArray }}
- name: fusionsolar-secret-{{ . | replace "." "-" | trunc 40 | trimSuffix "-" }}
  secret:
    secretName: {{ . }}
    # the pod waits until it is there
    optional: false
    # for the pod's fsGroup, which the exporter's user is given
    defaultMode: 0440
{{- end }}
{{- if eq .Values.state.volume "emptyDir" }}
- name: fusionsolar-exporter-state
  emptyDir:
    sizeLimit: {{ .Values.state.size }}
{{- else if eq .Values.state.volume "persistentVolumeClaim" }}
- name: fusionsolar-exporter-state
  persistentVolumeClaim:
    claimName: {{ include "fusionsolar-exporter.claim" . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* a Prometheus in agent mode beside the exporter */}}
{{- define "fusionsolar-exporter.agent" -}}
name: prometheus-agent
image: {{ .Values.sidecar.agent.image }}
args:
  - --agent
  - --config.file=/etc/prometheus/prometheus.yml
  - --storage.agent.path=/prometheus
  - --web.listen-address=:9090
ports:
  - name: prometheus
    containerPort: 9090
livenessProbe:
  httpGet: {path: /-/healthy, port: prometheus}
readinessProbe:
  httpGet: {path: /-/ready, port: prometheus}
{{- with .Values.sidecar.agent.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "fusionsolar-exporter.securityContext" (list . .Values.sidecar.agent.securityContext 65534) | nindent 2 }}
volumeMounts:
  - name: prometheus-agent-config
    mountPath: /etc/prometheus
    readOnly: true
  - name: prometheus-agent-data
    mountPath: /prometheus
  {{- if .Values.sidecar.agent.remoteWriteSecretName }}
  - name: prometheus-agent-secret
    mountPath: /etc/prometheus-secrets
    readOnly: true
  {{- end }}
{{- end }}

{{- define "fusionsolar-exporter.agentVolumes" -}}
- name: prometheus-agent-config
  configMap:
    name: {{ include "fusionsolar-exporter.fullname" . }}
    items:
      - key: prometheus.yml
        path: prometheus.yml
- name: prometheus-agent-data
  emptyDir: {}
{{- with .Values.sidecar.agent.remoteWriteSecretName }}
- name: prometheus-agent-secret
  secret:
    secretName: {{ . }}
    optional: false
    defaultMode: 0440
{{- end }}
{{- end }}
