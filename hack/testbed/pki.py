"""Certificates and kubeconfigs of a cluster, created once and kept with its state."""

import base64
import json
from pathlib import Path

from paths import Cluster
from shell import run

DAYS = "3650"
USERS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
}


def make(cluster: Cluster) -> None:
    """Make what is missing."""
    folder = cluster.state / "pki"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "ca.crt").exists():
        _authority(folder)
    _servers(cluster, folder)
    for user, subject in USERS.items():
        _certificate(folder, user, subject)
        _kubeconfig(cluster, folder, user)
    for number in cluster.numbers():
        node = f"node{number}"
        subject = f"/O=system:nodes/CN=system:node:{cluster.node(number)}"
        names = f"IP:{cluster.address(number)},DNS:{cluster.node(number)}"
        _certificate(folder, node, subject, names)
        _kubeconfig(cluster, folder, node)


def _servers(cluster: Cluster, folder: Path) -> None:
    hosts = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    names = [f"DNS:{host}" for host in hosts]
    names += [f"IP:{ip}" for ip in ("127.0.0.1", cluster.address(1), cluster.api)]
    _certificate(folder, "apiserver", "/CN=kube-apiserver", ",".join(names))
    _certificate(folder, "apiserver-kubelet", "/O=system:masters/CN=apiserver-kubelet")
    _certificate(folder, "front-proxy", "/CN=front-proxy")


def _authority(folder: Path) -> None:
    _key(folder / "ca.key")
    options = ("-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=testbed", "-days", DAYS)
    run("openssl", "req", *options, "-out", folder / "ca.crt")
    run("openssl", "genrsa", "-out", folder / "sa.key", "2048")
    run("openssl", "rsa", "-in", folder / "sa.key", "-pubout", "-out", folder / "sa.pub")


def _certificate(folder: Path, name: str, subject: str, names: str = "") -> None:
    if (folder / f"{name}.crt").exists():
        return
    key, request, extensions = (folder / f"{name}.{end}" for end in ("key", "csr", "ext"))
    _key(key)
    run("openssl", "req", "-new", "-key", key, "-subj", subject, "-out", request)
    usage = "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n"
    extensions.write_text(usage + (f"subjectAltName={names}\n" if names else ""))
    signer = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial")
    options = ("-req", "-in", request, *signer, "-days", DAYS, "-extfile", extensions)
    run("openssl", "x509", *options, "-out", folder / f"{name}.crt")


def _key(path: Path) -> None:
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


def _kubeconfig(cluster: Cluster, folder: Path, user: str) -> None:
    def content(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    server = {
        "server": f"https://{cluster.address(1)}:6443",
        "certificate-authority-data": content("ca.crt"),
    }
    login = {
        "client-certificate-data": content(f"{user}.crt"),
        "client-key-data": content(f"{user}.key"),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.name, "cluster": server}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": user, "context": {"cluster": cluster.name, "user": user}}],
        "current-context": user,
    }
    (cluster.state / f"{user}.kubeconfig").write_text(json.dumps(config, indent=1))
