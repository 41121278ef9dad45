"""What clusters change on the machine outside their state, and how the last one restores it.

The kubelet sets kernel parameters for the whole machine, and some folders have names that no
setting changes. The first cluster writes down how it found them; each cluster has a link there.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from paths import Cluster
from shell import run

RUN = Path("/run")
SETTINGS = (
    *("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"),
)
NETNS = RUN / "netns"
DEVICES = Path("/var/lib/kubelet/device-plugins")
CONTROLLERS = Path("/sys/fs/cgroup/cgroup.subtree_control")
FOLDERS = (
    *(NETNS, RUN / "containerd", RUN / "containerd" / "s", Path("/var/log/containers")),
    *(Path("/var/lib/cni"), Path("/var/lib/cni/results"), DEVICES.parent, DEVICES),
)


def arrive(cluster: Cluster, *, notes: Path = RUN / "plumbline-testbed") -> None:
    """Record the state of the machine, unless another cluster has, and that this one exists."""
    with _alone():
        notes.mkdir(exist_ok=True)
        before = notes / "before.json"
        if not _clusters(notes):
            before.write_text(json.dumps(_found()))
        with contextlib.suppress(FileExistsError):
            (notes / cluster.name).symlink_to(cluster.state)


def leave(cluster: Cluster, *, notes: Path = RUN / "plumbline-testbed") -> None:
    """Record that this cluster has ended; the last one restores the machine."""
    with _alone():
        (notes / cluster.name).unlink(missing_ok=True)
        if notes.exists() and not _clusters(notes):
            _put_back(json.loads((notes / "before.json").read_text()))
            shutil.rmtree(notes)


def _clusters(notes: Path) -> list[Path]:
    """Return the clusters that exist, without those whose state was deleted."""
    return [path for path in notes.iterdir() if path.is_symlink() and path.exists()]


def _found() -> dict[str, dict[str, str] | list[str]]:
    paths = (Path("/proc/sys", name) for name in SETTINGS)
    return {
        "settings": {str(path): path.read_text() for path in paths if path.exists()},
        "controllers": _controllers(),
        "missing": [str(path) for path in FOLDERS if not path.exists()],
        "unmounted": [] if f" {NETNS} " in Path("/proc/self/mounts").read_text() else [str(NETNS)],
    }


def _controllers() -> list[str]:
    """Return the controllers that the root of cgroups version 2 delegates."""
    return CONTROLLERS.read_text().split() if CONTROLLERS.exists() else []


def _put_back(found: dict[str, dict[str, str] | list[str]]) -> None:
    for path, value in dict(found["settings"]).items():
        Path(path).write_text(value)
    for name in set(_controllers()) - set(found.get("controllers", _controllers())):
        with contextlib.suppress(OSError):
            CONTROLLERS.write_text(f"-{name}")
    for mount in found["unmounted"]:
        run("umount", mount, check=False)
    for folder in map(Path, reversed(list(found["missing"]))):
        if folder == DEVICES:
            (folder / "kubelet.sock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Prevent all other clusters from starting or ending in the meantime."""
    folder = os.open(RUN, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
