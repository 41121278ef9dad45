{{- /* Names are fixed, because Plumbline is installed only once per cluster. */ -}}

{{- define "plumbline.labels" -}}
app.kubernetes.io/name: plumbline
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{- define "plumbline.operatorLabels" -}}
app.kubernetes.io/name: plumbline
app.kubernetes.io/component: operator
{{- end }}

{{- define "plumbline.storeLabels" -}}
app.kubernetes.io/name: plumbline
app.kubernetes.io/component: store
{{- end }}

{{- /* The full name of one of our images: (list . "operator"). */ -}}
{{- define "plumbline.image" -}}
{{- $root := index . 0 -}}{{- $which := index . 1 -}}{{- $image := $root.Values.image -}}
{{- with index $image $which }}{{ . }}{{ else -}}
{{ $image.registry }}/{{ $which }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "plumbline.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "plumbline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "plumbline.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $ $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The URL of the store of a namespace, with {namespace} in it. */ -}}
{{- define "plumbline.storeUrl" -}}
{{- if .Values.store.enabled -}}
s3://plumbline-{namespace}
{{- else -}}
{{ required "store.url is needed when store.enabled is false, such as s3://bucket/{namespace}" .Values.store.url }}
{{- end }}
{{- end }}

{{- define "plumbline.storeEndpoint" -}}
{{- if .Values.store.enabled -}}
http://plumbline-store.{{ .Release.Namespace }}.svc:7070
{{- else -}}
{{ .Values.store.endpoint }}
{{- end }}
{{- end }}

{{- /* The Secret with the operator's store account; empty with workload identity. */ -}}
{{- define "plumbline.storeSecret" -}}
{{- if .Values.store.existingSecret }}{{ .Values.store.existingSecret }}
{{- else if .Values.store.enabled }}plumbline-store-root{{ end }}
{{- end }}
