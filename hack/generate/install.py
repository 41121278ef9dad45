"""manifests/install.yaml: the chart as plain manifests, for clusters without Helm.

Its first part is what Helm renders from the chart; its second part are the CRDs, from the models.
"""

import re
import subprocess
from pathlib import Path

from hack.generate import crd
from hack.generate.files import HEADER, to_yaml

NAMESPACE = "plumbline-system"
CRDS = "# The CustomResourceDefinitions.\n"
# A file in Git must hold no password: the Secret is made by manifests/store-accounts.
_SETTINGS = ("store.existingSecret=plumbline-store-root", "crds.install=false")
_NAMESPACE = f"""---
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def head(helm: str, chart: Path) -> str:
    """Return the chart with its default values as manifests, without CRDs.

    Raises:
        subprocess.CalledProcessError: helm could not render the chart; its output says why.
    """
    settings = [word for setting in _SETTINGS for word in ("--set", setting)]
    command = [helm, "template", "plumbline", str(chart), "--namespace", NAMESPACE, *settings]
    rendered = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return HEADER + _NAMESPACE + _tidy(rendered)


def head_of(text: str) -> str:
    """Return the first part of an existing file."""
    return text.partition(CRDS)[0]


def manifests(head: str) -> str:
    """Return the complete file."""
    definitions = "".join(f"---\n{to_yaml(definition)}" for definition in crd.definitions())
    return head + CRDS + definitions


def _tidy(rendered: str) -> str:
    """Leave out Helm's comments and headers of chart files that came out empty."""
    lines = [line.rstrip() for line in rendered.splitlines() if not line.startswith("# Generated")]
    text = "\n".join(line for line in lines if line) + "\n"
    return re.sub(r"---\n(?:# Source: [^\n]*\n)(?=---\n|\Z)", "", text)
