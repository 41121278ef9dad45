"""Runs a real Kubernetes cluster on one machine without Docker; see docs/testbed.md."""

import argparse
import os
import re
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the machine's own Python may be older
    sys.exit(f"testbed: {sys.executable} is {sys.version.split()[0]}; use Python 3.11 or newer.")

import addons
import build
import control_plane
import images
import machine
import network
import node
import packages
import pki
import teardown
from paths import BIN, CACHE, Cluster
from processes import all_run, is_running
from shell import TestbedError, alone, step, wait


def main() -> int:
    """Run one command; 1 if it failed."""
    # Pods of other users read what is built here.
    os.umask(0o022)
    options = _parser().parse_args()
    try:
        options.command(options)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


def prepare(_: argparse.Namespace) -> None:
    """Install packages, and build the programs and images of the cluster."""
    packages.check()
    with alone(CACHE):
        packages.install()
        build.build()
        images.system_images()


def up(options: argparse.Namespace) -> None:
    """Start the cluster; also one that was kept, or whose processes were killed."""
    cluster = _cluster(options)
    prepare(options)
    if (cluster.state / "up").exists() and all_run(cluster):
        addons.recycle(cluster)
        return
    with step(f"starting cluster {cluster.name}"):
        teardown.down(cluster, keep=True)
        cluster.state.mkdir(parents=True, exist_ok=True)
        (cluster.state / "resolv.conf").write_text(f"nameserver {cluster.dns}\n")
        machine.arrive(cluster)
        pki.make(cluster)
        network.up(cluster)
        control_plane.up(cluster)
        archives = [images.archive_of(f"plumbline.local/{name}:1") for name in images.PROGRAMS]
        for number in cluster.numbers():
            node.up(cluster, number, archives)
        addons.up(cluster, options.addons.split(","))
        wait("all nodes to be ready", lambda: _ready_nodes(cluster) >= cluster.nodes)
        (cluster.state / "up").touch()


def down(options: argparse.Namespace) -> None:
    """Stop the cluster, or all clusters, and remove all traces."""
    states = sorted(_cluster(options).state.parent.glob("*"))
    for name in [state.name for state in states] if options.all else [options.name]:
        with step(f"stopping cluster {name}"):
            teardown.down(Cluster(name), keep=options.keep)


def status(options: argparse.Namespace) -> None:
    """Print whether the cluster is up, and how to use it."""
    cluster = _cluster(options)
    print("up" if is_running(cluster, "apiserver") else "down")
    print(f"kubeconfig {cluster.kubeconfig}\nbin {BIN}")
    if is_running(cluster, "apiserver"):
        print(addons.kubectl(cluster, "get", "nodes", "-o", "wide"))


def load(options: argparse.Namespace) -> None:
    """Load an image into every node."""
    cluster = _cluster(options)
    nodes = sorted(cluster.state.glob("node[0-9]"))
    if not nodes or not is_running(cluster, "containerd-1"):
        raise TestbedError(f"Cluster {cluster.name} is not up. Run make cluster.")
    for name in options.image:
        archive = Path(name) if name.endswith(".tar") else images.archive_of(name)
        with step(f"loading {name}"):
            for folder in nodes:
                node.load(cluster, int(folder.name.removeprefix("node")), archive)


def build_image(options: argparse.Namespace) -> None:
    """Build an image from a Dockerfile."""
    with alone(CACHE):
        images.build_image(
            dockerfile=Path(options.dockerfile),
            tag=options.tag,
            context=Path(options.context),
            inputs=options.input,
        )


def _ready_nodes(cluster: Cluster) -> int:
    states = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
    return addons.kubectl(cluster, "get", "nodes", "-o", states).split().count("True")


def _cluster(options: argparse.Namespace) -> Cluster:
    return Cluster(options.name, options.net, options.nodes)


def _name(text: str) -> str:
    """Return a name that fits into a link's name and is not part of another cluster's node."""
    if not re.fullmatch("[a-z][a-z0-9]{0,9}", text):
        raise argparse.ArgumentTypeError(
            "use a letter, then up to nine lower-case letters or digits"
        )
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="testbed", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in (up, down, status, load, prepare):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(command=command)
        sub.add_argument("--name", default="pl", type=_name, help="name of the cluster")
        sub.add_argument("--net", type=int, default=1, choices=range(1, 10), help="address range")
        sub.add_argument("--nodes", type=int, default=1, choices=range(1, 6), help="nodes to start")
        if command is up:
            sub.add_argument("--addons", default="dns,netpol", help="dns, netpol or both")
        if command is down:
            sub.add_argument("--keep", action="store_true", help="keep the state for the next up")
            sub.add_argument("--all", action="store_true", help="stop all clusters")
        if command is load:
            sub.add_argument("image", nargs="+", help="tag of a built image, or an archive")
    _image_parser(commands)
    sub = commands.add_parser("bin", help="print the folder with kubectl and helm")
    sub.set_defaults(command=lambda _: print(BIN))
    return parser


def _image_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sub = commands.add_parser("build-image", help=build_image.__doc__)
    sub.set_defaults(command=build_image)
    for name in ("dockerfile", "tag", "context"):
        sub.add_argument(f"--{name}", required=True)
    sub.add_argument(
        "--input",
        action="append",
        required=True,
        help="glob of files whose change causes a new build",
    )


if __name__ == "__main__":
    sys.exit(main())
