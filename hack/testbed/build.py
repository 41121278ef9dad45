"""Builds the programs of the cluster from pinned Go modules, once per set of versions."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from paths import BIN, HERE
from shell import run, step

KUBERNETES = "1.37.2"
_VERSION = " ".join(
    f"-X k8s.io/{module}/version.{name}={value}"
    for module in ("component-base", "client-go/pkg")
    for name, value in (
        ("gitVersion", f"v{KUBERNETES}"),
        ("gitMajor", KUBERNETES.split(".")[0]),
        ("gitMinor", KUBERNETES.split(".")[1]),
    )
)


@dataclass(frozen=True)
class Set:
    """Programs that share one go.mod.

    Attributes:
        folder: folder under go/.
        packages: Go packages of the programs; the last part of the path names the program.
        rename: what Go calls the program, and what we call it.
        static: whether it must run in an image without a C library.
    """

    folder: str
    packages: tuple[str, ...]
    rename: tuple[str, str] | None = None
    static: bool = False


_CMD = "k8s.io/kubernetes/cmd/"
_CONTAINERD = "github.com/containerd/containerd/v2/cmd/"
_CNI = "github.com/containernetworking/plugins/plugins/"
CORE = (
    Set("etcd", ("go.etcd.io/etcd/server/v3",), rename=("server", "etcd")),
    Set(
        "rt",
        (
            *(_CONTAINERD + name for name in ("containerd", "containerd-shim-runc-v2", "ctr")),
            *(_CNI + name for name in ("ipam/host-local", "main/bridge")),
            *(_CNI + name for name in ("main/loopback", "meta/portmap")),
        ),
    ),
    Set("versitygw", ("github.com/versity/versitygw/cmd/versitygw",), static=True),
    Set("coredns", ("github.com/coredns/coredns",), static=True),
    Set("pause", (".",), static=True),
    Set("kstatus", (".",)),
    Set("helm", ("helm.sh/helm/v4/cmd/helm",)),
    Set(
        "node",
        tuple(
            _CMD + name
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
            )
        ),
    ),
)


def build(sets: tuple[Set, ...] = CORE) -> None:
    """Build the programs that are not in the cache yet, and link all into one folder."""
    for one in sets:
        folder = _built(one)
        for program in folder.iterdir():
            _link(program)


def _built(one: Set) -> Path:
    """Return the folder with the programs of a set, built if necessary."""
    folder = BIN / "sets" / f"{one.folder}-{_pins(one)}"
    if not folder.exists():
        with step(f"building {one.folder} from source"):
            _compile(one, folder)
    return folder


def _compile(one: Set, folder: Path) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    flags = ("-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {_VERSION}", "-o", f"{partial}/")
    # Otherwise Go looks for a C compiler itself, and works without one.
    env = {"GOFLAGS": "-mod=readonly", **({"CGO_ENABLED": "0"} if one.static else {})}
    run("go", "-C", HERE / "go" / one.folder, "build", *flags, *one.packages, **env)
    if one.rename:
        (partial / one.rename[0]).rename(partial / one.rename[1])
    partial.rename(folder)


def _pins(one: Set) -> str:
    """Return a hash of everything that the programs are built from."""
    digest = hashlib.sha256(repr(one).encode() + _VERSION.encode())
    for path in sorted((HERE / "go" / one.folder).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _link(program: Path) -> None:
    link = BIN / program.name
    if link.is_symlink() and link.resolve() == program.resolve():
        return
    link.unlink(missing_ok=True)
    link.symlink_to(program)
