"""What a new cluster needs to be usable: DNS, network policies and volumes."""

import shutil
import sys

from paths import BIN, HERE, Cluster
from processes import start
from shell import run

VOLUMES = 4


def up(cluster: Cluster, names: list[str]) -> None:
    """Start DNS and the policy enforcer, and create volumes."""
    _volumes(cluster)
    if "dns" in names:
        text = (HERE / "manifests" / "dns.yaml").read_text().replace("@DNS@", cluster.dns)
        kubectl(cluster, "apply", "-f", "-", stdin=text)
    if "netpol" in names:
        for number in cluster.numbers():
            script = (sys.executable, HERE / "netpol.py", cluster.kubeconfig, cluster.node(number))
            start(cluster, number, f"netpol-{number}", *script)


def kubectl(cluster: Cluster, *words: str, stdin: str | None = None) -> str:
    """Run kubectl as administrator of the cluster."""
    where = ("--kubeconfig", cluster.kubeconfig, "--cache-dir", cluster.state / "kubectl")
    return run(BIN / "kubectl", *where, *words, stdin=stdin)


def _volumes(cluster: Cluster) -> None:
    """Create a default storage class with a few volumes: folders that any user may write."""
    documents = [(HERE / "manifests" / "storage-class.yaml").read_text()]
    template = (HERE / "manifests" / "volume.yaml").read_text()
    for number in range(1, VOLUMES + 1):
        folder = cluster.state / "volumes" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        text = template.replace("@NUMBER@", str(number)).replace("@FOLDER@", str(folder))
        documents.append(text)
    kubectl(cluster, "apply", "-f", "-", stdin="---\n".join(documents))


def recycle(cluster: Cluster) -> None:
    """Empty the volumes whose claims were deleted, and make them available again."""
    columns = "jsonpath={range .items[?(@.status.phase=='Released')]}{.metadata.name}{'\\n'}{end}"
    for name in kubectl(cluster, "get", "pv", "-o", columns).split():
        folder = cluster.state / "volumes" / name.removeprefix("testbed-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        kubectl(cluster, "patch", "pv", name, "--type=json", "-p", _UNCLAIM)


_UNCLAIM = '[{"op": "remove", "path": "/spec/claimRef"}]'
