"""etcd, the API server, the controller manager and the scheduler, beside the first node."""

from pathlib import Path

from paths import BIN, Cluster
from processes import must_run, start
from shell import run, wait


def up(cluster: Cluster) -> None:
    """Start the control plane; each part waits for what it needs."""
    start(cluster, 1, "etcd", BIN / "etcd", *_etcd())
    start(cluster, 1, "apiserver", BIN / "kube-apiserver", *_apiserver(cluster))
    wait("the API server", lambda: _is_ready(cluster), seconds=120)
    start(cluster, 1, "controller-manager", BIN / "kube-controller-manager", *_manager(cluster))
    start(cluster, 1, "scheduler", BIN / "kube-scheduler", *_client_flags(cluster, "scheduler"))


def _is_ready(cluster: Cluster) -> bool:
    must_run(cluster, "apiserver")
    words = ("--kubeconfig", cluster.kubeconfig, "get", "--raw", "/readyz")
    return run(BIN / "kubectl", *words, check=False).strip() == "ok"


def _etcd() -> list[str]:
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        "--data-dir=etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={4 * 2**30}",
    ]


def _apiserver(cluster: Cluster) -> list[str]:
    pki = cluster.state / "pki"
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        "--bind-address=0.0.0.0",
        f"--advertise-address={cluster.address(1)}",
        "--secure-port=6443",
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={cluster.services}",
        *_serving_flags(pki),
        *_kubelet_flags(pki),
        *_aggregation_flags(pki),
    ]


def _serving_flags(pki: Path) -> list[str]:
    return [
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
    ]


def _kubelet_flags(pki: Path) -> list[str]:
    return [
        f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _aggregation_flags(pki: Path) -> list[str]:
    return [
        f"--proxy-client-cert-file={pki}/front-proxy.crt",
        f"--proxy-client-key-file={pki}/front-proxy.key",
        f"--requestheader-client-ca-file={pki}/ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
    ]


def _manager(cluster: Cluster) -> list[str]:
    pki = cluster.state / "pki"
    return [
        *_client_flags(cluster, "controller-manager"),
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        "--use-service-account-credentials=true",
        f"--flex-volume-plugin-dir={cluster.state}/plugins",
        "--concurrent-job-syncs=20",
        "--concurrent-gc-syncs=40",
    ]


def _client_flags(cluster: Cluster, name: str) -> list[str]:
    """Return what both controllers need; the default request limits finish three Jobs a second."""
    config = cluster.state / f"{name}.kubeconfig"
    return [
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
    ]
