{{- /* Egress to the cluster's DNS: its pods, or a cache on the node. */ -}}
{{- define "plumbline.toDns" -}}
- to:
    - namespaceSelector: {}
    - ipBlock:
        cidr: 169.254.0.0/16
  ports:
    {{- range list 53 5353 }}
    - port: {{ . }}
      protocol: UDP
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{- /* Egress to the store in the cluster or to an external one. */ -}}
{{- define "plumbline.toStore" -}}
{{- if .Values.store.enabled -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Release.Namespace | quote }}
      podSelector:
        matchLabels: {{- include "plumbline.storeLabels" . | nindent 10 }}
  ports:
    - port: 7070
{{- else -}}
{{- include "plumbline.toAddresses" .Values.networkPolicies.store }}
{{- end }}
{{- end }}

{{- /* Egress to addresses. Without addresses there is no rule, since an empty list of peers would allow all. */ -}}
{{- define "plumbline.toAddresses" -}}
{{- with . -}}
- to:
    {{- range . }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "plumbline.operatorPeer" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .Release.Namespace | quote }}
  podSelector:
    matchLabels: {{- include "plumbline.operatorLabels" . | nindent 6 }}
{{- end }}
