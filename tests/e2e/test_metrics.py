"""A real Prometheus reads both metrics pages, and only who may read them does."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import objects, pages, prometheus, replicas
from tests.e2e.cluster import (
    NAMESPACE,
    SYSTEM,
    Object,
    get,
    kubectl,
    listed,
    poll,
    run,
    until,
)
from tests.e2e.conftest import Model, Names
from tests.e2e.load import Load

pytestmark = pytest.mark.cluster

VALUE = "networkPolicies.prometheus"
FETCH = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2).read()"
EVERYBODY = {"here", "prometheus", "stranger"}
PODS = [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}]


def admit(peers: list[Object]) -> None:
    """Name who may read metrics."""
    replicas.release(f"{VALUE}={json.dumps(peers)}")


@pytest.fixture(scope="module", autouse=True)
def _as_it_was() -> Iterator[None]:
    """Leave the chart's value as it was."""
    yield
    admit([])


def server(name: str) -> str:
    """Return the address of the admin port of a model's pod."""
    ready = [
        p for p in listed("pods", f"plumbline.dev/deployment={name}") if "podIP" in p["status"]
    ]
    return f"{ready[0]['status']['podIP']}:9090"


def here(towards: str) -> list[Object]:
    """Return the peer that is this machine, as a pod's address sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((towards.split(":")[0], 9))
        return [{"ipBlock": {"cidr": f"{line.getsockname()[0]}/32"}}]


def caller(name: str, app: str) -> Object:
    """Return a pod that waits to be told what to fetch."""
    operator = get("deployment", replicas.NAME, namespace=SYSTEM)["spec"]["template"]["spec"]
    main = operator["containers"][0]
    container = {
        "name": "python",
        "image": main["image"],
        "command": ["python", "-c", "import signal; signal.pause()"],
        "securityContext": main["securityContext"],
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": operator["securityContext"],
        "containers": [container],
    }
    metadata = {"name": name, "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.fixture(scope="module")
def callers(shared: Names) -> dict[str, str]:
    """Return the names of two pods: one is labelled as a Prometheus, the other is not."""
    found = {app: shared.new(app) for app in ("prometheus", "stranger")}
    shared.apply(*(caller(name, app) for app, name in found.items()))
    for name in found.values():
        until("pod", name, lambda pod: pod["status"]["phase"] == "Running")
    return found


def reads(who: str, callers: dict[str, str], url: str) -> bool:
    """Tell whether somebody can read a page."""
    if who != "here":
        return run("exec", callers[who], "--", "python", "-c", FETCH, url).returncode == 0
    try:
        return bool(pages.read(url))
    except OSError:
        return False


@pytest.mark.parametrize("named", ["nobody", "an address", "pods"])
def test_metrics_are_read_by_whom_the_chart_names(
    model: Model, callers: dict[str, str], named: str
) -> None:
    address = server(model.name)
    peers, readers = {
        "nobody": ([], set()),
        "an address": (here(address), {"here"}),
        "pods": (PODS, {"prometheus"}),
    }[named]
    admit(peers)
    wanted = {
        pages.operator(): readers or EVERYBODY,
        f"http://{address}/metrics": readers,
    }
    seen: dict[str, set[str]] = {}

    def is_so() -> bool:
        for url in wanted:
            seen[url] = {who for who in EVERYBODY if reads(who, callers, url)}
        return seen == wanted

    poll(is_so, seconds=60, why=lambda: f"{wanted} is wanted and {seen} is so")


@pytest.fixture(scope="module")
def watched(shared: Names, model: Model) -> str:
    """Return a monitor of the model."""
    name = shared.new("watch")
    spec = {"deploymentRef": {"name": model.name}}
    shared.apply(objects.made("DriftMonitor", name, spec))
    return name


@pytest.fixture
def scraped(model: Model, watched: str, tmp_path: Path) -> Iterator[prometheus.Prometheus]:
    """Return a Prometheus that may read both pages, of a model that is asked all the time."""
    address = server(model.name)
    admit(here(address))
    poll(
        lambda: reads("here", {}, f"http://{address}/metrics"),
        seconds=30,
        why=lambda: f"{address} is closed",
    )
    targets = {
        "operator": [pages.operator().split("/")[2]],
        "servers": [address],
    }
    with Load(model.url).going(), prometheus.running(tmp_path, targets) as found:
        yield found


def test_dashboards_for_controllers_show_the_operator(
    scraped: prometheus.Prometheus, watched: str
) -> None:
    of = f'namespace="{NAMESPACE}",monitor="{watched}"'
    wanted = {
        'up{job="operator"}': 1,
        'up{job="servers"}': 1,
        "leader_election_master_status": 1,
        'sum(controller_runtime_reconcile_total{controller="driftmonitor"}) > bool 0': 1,
        'sum(controller_runtime_reconcile_total{result!="error"}) > bool 0': 1,
        'controller_runtime_reconcile_time_seconds_count{controller="driftmonitor"} > bool 0': 1,
        'workqueue_depth{name="plumbline"} >= bool 0': 1,
        'workqueue_adds_total{name="plumbline"} > bool 0': 1,
        'workqueue_queue_duration_seconds_count{name="plumbline"} > bool 0': 1,
        'sum(rest_client_requests_total{method="GET"}) > bool 0': 1,
        f"plumbline_drift_window_rows{{{of}}} > bool 0": 1,
        f"plumbline_drift_detected{{{of}}} >= bool 0": 1,
        f"plumbline_data_broken{{{of}}}": 0,
        f"plumbline_drift_rows_lost{{{of}}}": 0,
        f"count(plumbline_drift_score{{{of}}}) >= bool 3": 1,
        f"count(plumbline_drift_log10_p{{{of}}}) >= bool 3": 1,
        'rate(plumbline_requests_total{code="200"}[10s]) > bool 10': 1,
        "rate(plumbline_request_duration_seconds_sum[10s]) > bool 0": 1,
        "histogram_quantile(0.5, rate(plumbline_request_duration_seconds_bucket[10s])) < bool 5": 1,
        "plumbline_rows_total > bool 0": 1,
        "plumbline_model_info": 1,
    }
    seen: dict[str, float | None] = {}

    def are_there() -> bool:
        seen.update({query: scraped.value(query) for query in wanted})
        return seen == wanted

    def missing() -> str:
        return str({query: seen[query] for query in wanted if seen[query] != wanted[query]})

    poll(are_there, seconds=60, why=missing)


def test_promtool_has_nothing_to_complain_about(
    scraped: prometheus.Prometheus, model: Model, watched: str
) -> None:
    found = [pages.read(pages.operator()), pages.read(f"http://{server(model.name)}/metrics")]
    assert [prometheus.complaints(page) for page in found] == ["", ""]
    assert scraped.is_up()


def test_a_monitor_that_is_gone_is_gone_from_the_metrics_too(model: Model, names: Names) -> None:
    name = names.new("short")
    labels = {"namespace": NAMESPACE, "monitor": name}
    names.apply(objects.made("DriftMonitor", name, {"deploymentRef": {"name": model.name}}))

    def rows() -> float | None:
        page = pages.read(pages.operator())
        return pages.value(page, "plumbline_drift_window_rows", **labels)

    poll(lambda: rows() is not None, seconds=60, why=lambda: "the monitor is not shown")
    kubectl("delete", "driftmonitor", name)
    poll(lambda: rows() is None, seconds=30, why=lambda: "the monitor is still shown")
    assert "plumbline_drift_score" not in [
        line.split("{")[0] for line in pages.read(pages.operator()).splitlines() if name in line
    ]
