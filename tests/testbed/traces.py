"""What a cluster could leave on a machine: `traces.py NAME` prints a line for each thing there is.

Things of other clusters are left out, for they come and go as they like. Nothing is imported but
Python's own library: the script also runs where only another view of the machine's files exists.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

NOTES = Path("/run/plumbline-testbed")
ROOTS = ("/run", "/var", "/etc", "/opt", "/srv", "/usr/libexec")
NOT_OURS = re.compile(
    r"/(containers/(storage|cache)|apt|dpkg|journal|postgresql|systemd|user)(/|$)"
)
SHARED = re.compile(
    r"setting |mount /run/netns$|file (/run/netns|/run/containerd(/s)?|/run/plumbline-testbed"
    r"(/before.json)?|/var/lib/(cni(/results)?|kubelet(/.*)?)|/var/log/containers)$"
)
"""What all clusters of a machine have in common: it goes with the last of them."""
KUBELETS_SETTINGS = (
    *("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"),
)
SETTINGS = (
    *KUBELETS_SETTINGS,
    *("net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet", "net/netfilter/nf_conntrack_max"),
)


def mark(cluster: str) -> str:
    """Return a pattern of what names a cluster: its state, nodes, links or bridge."""
    return rf"/state/{cluster}\b|\b{cluster}-v?\d|\b{cluster}br\b"


def traces(name: str) -> list[str]:
    """Return what is there, without what belongs to clusters other than `name`."""
    others = clusters() - {name}
    here = (processes(name), mounts(), networks(), cgroups(), files(sockets(name)), settings())
    lines = [line for each in here for line in each]
    others |= clusters() - {name}
    theirs = re.compile("|".join(map(mark, others)) or r"$.")
    mine = [line for line in lines if not theirs.search(line)]
    return [*(f"beside {path.name}" for path in NOTES.glob("*") if path.name in others), *mine]


def difference(before: list[str], after: list[str]) -> list[str]:
    """Return what was left and what is missing; what clusters share counts without others only."""
    old, new = Counter(before), Counter(after)
    lines = [*(f"left: {each}" for each in new - old), *(f"missing: {each}" for each in old - new)]
    beside = any(line.startswith("beside ") for line in (*before, *after))
    about = [line.split(": ", 1)[1] for line in lines]
    return [
        line
        for line, thing in zip(lines, about, strict=True)
        if not thing.startswith("beside ") and not (beside and SHARED.match(thing))
    ]


def clusters() -> set[str]:
    """Return the names of the clusters on this machine, which their bridges and notes tell."""
    links = os.listdir("/sys/class/net")
    bridges = {link.removesuffix("br") for link in links if re.fullmatch(r"[a-z0-9]+br", link)}
    return bridges | {path.name for path in NOTES.glob("*") if path.is_symlink()}


def processes(name: str) -> Iterator[str]:
    """Yield the processes that carry the cluster's mark in words, folder or cgroup."""
    for process, words in commands():
        try:
            about = f"{words} {os.readlink(process / 'cwd')} {(process / 'cgroup').read_text()}"
        except OSError:
            continue
        if re.search(mark(name), about) and int(process.name) not in (os.getpid(), os.getppid()):
            yield f"process {process.name}: {words}"


def commands() -> Iterator[tuple[Path, str]]:
    """Yield all processes and their words."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield process, (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue


def mounts() -> Iterator[str]:
    """Yield mount points, without those that image builds use."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if "/storage/" not in line:
            yield f"mount {line.split()[1]}"


def networks() -> Iterator[str]:
    """Yield network namespaces, links, routes, rules and firewall rules of the host."""
    for link in os.listdir("/sys/class/net"):
        yield f"link {link}"
    for words in (
        *(("ip", "netns"), ("ip", "rule"), ("nft", "--stateless", "list", "ruleset")),
        *(("ip", family, "route", "show", "table", "all") for family in ("-4", "-6")),
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        yield from (f"{' '.join(words)}: {line}" for line in done.stdout.splitlines())


def cgroups() -> Iterator[str]:
    """Yield all cgroups, of every version."""
    for folder, _, _ in os.walk("/sys/fs/cgroup"):
        yield f"cgroup {folder}"


def files(theirs: set[str]) -> Iterator[str]:
    """Yield folders, files and links where programs keep things, except `theirs`."""
    for root in ROOTS:
        for folder, folders, names in os.walk(root):
            if NOT_OURS.search(folder):
                continue
            found = [os.path.join(folder, name) for name in (*folders, *names)]
            yield from (described(Path(path)) for path in found if path not in theirs)


def described(path: Path) -> str:
    """Return a line on a file that tells whose it is, if the file or its name does."""
    about = ""
    if path.is_symlink():
        about = f" -> {path.readlink()}"
    elif path.parent.name == "results" and path.exists():
        found = re.search(r"/state/[a-z0-9]+/", path.read_text())
        about = f" of {found[0]}" if found else ""
    return f"file {path}{about}"


def sockets(name: str) -> set[str]:
    """Return the sockets on which the shims of other clusters listen."""
    found: set[str] = set()
    for process, words in commands():
        if "containerd-shim" in words and not re.search(mark(name), words):
            lines = (process / "net" / "unix").read_text().splitlines()
            found |= {line.split()[-1] for line in lines if "/run/containerd/s/" in line}
    return found


def settings() -> Iterator[str]:
    """Yield what a node might set for the whole machine."""
    for setting in SETTINGS:
        path = Path("/proc/sys", setting)
        if path.exists():
            yield f"setting {setting} = {path.read_text().strip()}"


if __name__ == "__main__":
    print("\n".join(traces(sys.argv[1])))
