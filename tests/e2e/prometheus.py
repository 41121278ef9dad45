"""A real Prometheus beside the cluster, as Debian packages it, without installing it."""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.chart.helm import CACHE
from tests.e2e.cluster import Object, poll

HOME = CACHE / "tools" / "prometheus"
PACKAGE = """
set -e
apt-get -qq -o APT::Sandbox::User=root download prometheus ||
  { apt-get -qq update; apt-get -qq -o APT::Sandbox::User=root download prometheus; }
dpkg -x prometheus_*.deb .
"""


def program(name: str) -> Path:
    """Return one of the package's programs; the package is fetched once."""
    found = HOME / "usr" / "bin" / name
    if not found.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sh", "-c", PACKAGE], cwd=HOME, check=True, timeout=300)
    return found


def complaints(page: str) -> str:
    """Return what promtool does not like about a metrics page; empty when all is well."""
    words = [program("promtool"), "check", "metrics"]
    done = subprocess.run(words, input=page, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


class Prometheus:
    """A server that scrapes once a second."""

    def __init__(self, port: int) -> None:
        """Ask the server at a local port."""
        self._url = f"http://127.0.0.1:{port}"

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            with urlopen(f"{self._url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def ask(self, query: str) -> list[Object]:
        """Return the series that a query finds now."""
        url = f"{self._url}/api/v1/query?{urlencode({'query': query})}"
        with urlopen(url, timeout=10) as answer:
            return list(json.load(answer)["data"]["result"])

    def value(self, query: str) -> float | None:
        """Return the value of the one series that a query finds; None when there is none."""
        found = self.ask(query)
        assert len(found) < 2, f"{query} finds {found}"
        return float(found[0]["value"][1]) if found else None


@contextmanager
def running(folder: Path, targets: Mapping[str, list[str]]) -> Iterator[Prometheus]:
    """Run a server on loopback that scrapes these addresses, given by job."""
    (folder / "prometheus.yml").write_text(json.dumps(_config(targets)))
    port = _free_port()
    words = (
        *(program("prometheus"), f"--config.file={folder}/prometheus.yml"),
        *(f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"),
    )
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(words, stdout=log, stderr=log, cwd=folder) as process,
    ):
        found = Prometheus(port)
        try:
            poll(found.is_up, seconds=60, why=lambda: (folder / "log").read_text())
            yield found
        finally:
            process.terminate()


def _config(targets: Mapping[str, list[str]]) -> Object:
    jobs = [
        {"job_name": job, "static_configs": [{"targets": addresses}]}
        for job, addresses in targets.items()
    ]
    return {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
