"""manifests/argocd/argocd-cm.yaml: the part of Argo CD's ConfigMap with the health of our kinds."""

from plumbline.plan.registry import KINDS

from hack.generate.files import HEADER

_TOP = """---
# kubectl --namespace argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
data:
"""


def config_map(script: str) -> str:
    """Return the ConfigMap with a copy of the script per kind: its keys cannot have wildcards."""
    lines = "".join(f"    {line}".rstrip() + "\n" for line in script.splitlines())
    kinds = (f"{kind.resource.group}_{kind.resource.kind}" for kind in KINDS)
    entries = (f"  resource.customizations.health.{kind}: |\n{lines}" for kind in kinds)
    return HEADER + _TOP + "".join(entries)
