"""What metrics pages say, read as Prometheus reads them."""

from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.cluster import SYSTEM, get


def operator() -> str:
    """Return where the operator's page is."""
    address = get("service", "plumbline-metrics", namespace=SYSTEM)["spec"]["clusterIP"]
    return f"http://{address}:8080/metrics"


def read(url: str) -> str:
    """Return a page; an `OSError` when it cannot be reached within two seconds."""
    with urlopen(url, timeout=2) as answer:
        return answer.read().decode()


def value(page: str, name: str, **labels: str) -> float | None:
    """Return the sum of the samples of that name and these labels; None when there is none."""
    found = [
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None
