"""The packages of the distribution: runc, nftables and the tools that build images."""

import os
import shutil
import sys

from shell import TestbedError, run, step

COMMANDS = {
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "openssl": "openssl",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
    "conntrack": "conntrack",
}


def check() -> None:
    """Check what cannot be installed as a package.

    Raises:
        TestbedError: something is missing; the message names it, and the alternative.
    """
    needs = {
        "Linux": sys.platform == "linux",
        "root": os.geteuid() == 0,
    }
    missing = ", ".join(need for need, met in needs.items() if not met)
    if missing:
        raise TestbedError(
            f"The test bed needs {missing}. With Docker, CLUSTER=kind works without it."
        )


def install() -> None:
    """Install what is missing."""
    missing = sorted({package for command, package in COMMANDS.items() if not _has(command)})
    if not missing:
        return
    with step(f"installing {', '.join(missing)}"):
        run("apt-get", "update", "-qq")
        options = ("-y", "-qq", "--no-install-recommends")
        run("apt-get", "install", *options, *missing, DEBIAN_FRONTEND="noninteractive")


def _has(command: str) -> bool:
    return shutil.which(command, path="/usr/sbin:/usr/bin:/sbin:/bin") is not None
