{{/*
A security context: [root, the one that is given, the default, ids of the default]. What is given replaces the default;
where keys of it are null, it changes the default instead, and those are left out. OpenShift gives ids of its own
and refuses others.
*/}}
{{- define "fusionsolar-exporter.contextOf" -}}
{{- $root := index . 0 -}}
{{- $given := index . 1 -}}
{{- $context := deepCopy (index . 2) -}}
{{- if not ($root.Capabilities.APIVersions.Has "security.openshift.io/v1") -}}
{{- $context = merge $context (index . 3) -}}
{{- end -}}
{{- if kindIs "map" $given -}}
{{- $nulls := list -}}
{{- range $key, $value := $given }}{{ if kindIs "invalid" $value }}{{ $nulls = append $nulls $key }}{{ end }}{{ end -}}
{{- if $nulls -}}
{{- range $key, $value := $given }}{{ $_ := set $context $key $value }}{{ end -}}
{{- range $nulls }}{{ $_ := unset $context . }}{{ end -}}
{{- else -}}
{{- $context = $given -}}
{{- end -}}
{{- end -}}
{{ toYaml $context }}
{{- end }}

{{/* what the restricted Pod Security Standard asks of a container: [root, the context that is given, user and group] */}}
{{- define "fusionsolar-exporter.securityContext" -}}
{{- $id := int (index . 2) -}}
{{- $ids := dict "runAsUser" $id "runAsGroup" $id -}}
{{- $restricted := dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) "readOnlyRootFilesystem" true
    "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{ include "fusionsolar-exporter.contextOf" (list (index . 0) (index . 1) $restricted $ids) }}
{{- end }}

{{- define "fusionsolar-exporter.podSecurityContext" -}}
{{- $ids := dict "fsGroup" (int (ternary 65534 10035 .Values.sidecar.enabled)) -}}
{{- $restricted := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{ include "fusionsolar-exporter.contextOf" (list . .Values.podSecurityContext $restricted $ids) }}
{{- end }}
