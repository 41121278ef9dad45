"""A namespace whose quota is used up: what a real cluster says, and what is read from that."""

from collections.abc import Iterator
from typing import Any

import pytest
from plumbline.kube.errors import QuotaExceeded, error_of
from plumbline.plan.common.job_outcome import of_job
from plumbline.plan.model_deployment.workload import pods_refused

from tests.chart.kubectl import Refused, apply, get, namespace, until

pytestmark = pytest.mark.cluster
SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD = {"containers": [{"name": "main", "image": "nobody/builds:this", "securityContext": SECURITY}]}
LABELS = {"app": "full"}


@pytest.fixture(name="ns")
def _ns() -> Iterator[str]:
    with namespace("quota") as name:
        yield name


def limit(ns: str, what: str) -> None:
    """Let nothing of a kind into a namespace, from now on."""
    metadata = {"name": "small", "namespace": ns}
    head = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata}
    apply({**head, "spec": {"hard": {what: "0"}}})
    until(30, lambda: get(ns, "resourcequota", "small").get("status", {}).get("used"))


def job(ns: str) -> dict[str, Any]:
    metadata = {"name": "full", "namespace": ns}
    spec = {"template": {"spec": {**POD, "restartPolicy": "Never"}}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def deployment(ns: str) -> dict[str, Any]:
    metadata = {"name": "full", "namespace": ns}
    template = {"metadata": {"labels": LABELS}, "spec": POD}
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def test_a_job_that_quota_refuses_is_known_as_one_that_waits(ns: str) -> None:
    limit(ns, "count/jobs.batch")
    with pytest.raises(Refused) as refused:
        apply(job(ns))
    error = error_of(403, "Forbidden", str(refused.value), attempt="create Job")
    assert isinstance(error, QuotaExceeded)


def test_a_job_whose_pods_quota_refuses_says_that_it_has_none(ns: str) -> None:
    limit(ns, "pods")
    apply(job(ns))
    until(30, lambda: get(ns, "job", "full").get("status", {}).get("startTime"))
    assert of_job(get(ns, "job", "full"), []).reason == "PodMissing"


def test_a_deployment_whose_pods_quota_refuses_says_so(ns: str) -> None:
    limit(ns, "pods")
    apply(deployment(ns))
    trouble = until(30, lambda: pods_refused(get(ns, "deployment", "full")))
    assert (trouble.reason, trouble.passes) == ("QuotaExceeded", True)
    assert "exceeded quota: small, requested: pods=1" in trouble.message
