"""The folders of the test bed, and the names and numbers of the parts of a cluster."""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or Path.home() / ".cache" / "plumbline")
BIN = CACHE / "bin"
IMAGES = CACHE / "images"


@dataclass(frozen=True)
class Cluster:
    """One cluster: clusters with another name and net run side by side.

    Attributes:
        name: prefix of its namespaces, links and cgroups.
        net: 1 to 9, picks the address ranges.
        nodes: number of nodes; the control plane lives beside the first.
    """

    name: str = "pl"
    net: int = 1
    nodes: int = 1

    @property
    def state(self) -> Path:
        return CACHE / "state" / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.state / "admin.kubeconfig"

    @property
    def bridge(self) -> str:
        return f"{self.name}br"

    @property
    def host(self) -> str:
        return f"10.231.{self.net}.1"

    @property
    def services(self) -> str:
        return f"10.9{self.net}.0.0/16"

    @property
    def api(self) -> str:
        return f"10.9{self.net}.0.1"

    @property
    def dns(self) -> str:
        return f"10.9{self.net}.0.10"

    @property
    def pods(self) -> str:
        return f"10.24{self.net}.0.0/16"

    def node(self, number: int) -> str:
        """Return the name of a node and of its network namespace."""
        return f"{self.name}-{number}"

    def address(self, number: int) -> str:
        """Return the address of a node."""
        return f"10.231.{self.net}.1{number}"

    def pod_range(self, number: int) -> str:
        """Return the pod addresses of a node."""
        return f"10.24{self.net}.{number}.0/24"

    def numbers(self) -> range:
        """Return the numbers of the nodes."""
        return range(1, self.nodes + 1)
