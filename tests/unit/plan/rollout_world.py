"""A cluster in memory with one ModelDeployment: plans are carried out, pods start, clients call."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.api.objects import Manifest
from plumbline.api.plan import Event, Plan
from plumbline.api.v1alpha1 import ModelDeployment, TrainingRun
from plumbline.api.v1alpha1.model_deployment import Canary
from plumbline.live.observations import Arm, Traffic
from plumbline.plan.common.settings import Settings
from plumbline.plan.model_deployment import measure
from plumbline.plan.model_deployment.plan import plan
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import restricted

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
SETTINGS = Settings(
    trainer_image="registry/trainer:1",
    server_image="registry/server:1",
    store_environment={"AWS_REGION": "us-east-1"},
    namespaces=frozenset({"flights"}),
)
BOUNDS = (0.01, 0.05, 0.1, 0.5, 1.0)
IDENTITY = "plumbline.dev/identity"


def digest(word: str) -> str:
    return "sha256:" + (word.encode().hex() * 64)[:64]


def run(
    name: str,
    *,
    revision: int = 1,
    minute: int = 0,
    verdict: str | None = "Passed",
    auc: tuple[float, float] = (0.7, 0.8),
    model: str | None = None,
) -> TrainingRun:
    """Return a judged run."""
    status: dict[str, Any] = {"dataset": _pinned(revision)}
    if verdict:
        low, high = auc
        metric = {"name": "auc", "value": (low + high) / 2, "low": low, "high": high, "n": 2000}
        status |= {
            "verdict": verdict,
            "model": {"digest": digest(model or name), "manifest": digest(f"manifest {name}")},
            "metrics": [metric],
            "completionTime": (NOW + timedelta(minutes=minute - 60)).isoformat(),
        }
    spec = {"datasetRef": {"name": "flights"}, "trainer": {"estimator": {"import": "a.B"}}}
    about = {"name": name, "namespace": "flights", "uid": f"uid-{name}"}
    return TrainingRun.model_validate({"metadata": about, "spec": spec, "status": status})


def _pinned(revision: int) -> dict[str, Any]:
    return {
        "name": "flights",
        "revision": revision,
        "digest": digest(f"rows {revision}"),
        "manifest": digest(f"data {revision}"),
    }


class World:
    """One ModelDeployment and what Kubernetes makes of its children."""

    def __init__(self, *runs: TrainingRun, **spec: Any) -> None:
        self.spec: dict[str, Any] = {
            "model": {"selector": {"matchLabels": {"team": "flights"}}},
            **spec,
        }
        self.status: Manifest = {}
        self.annotations: dict[str, str] = {}
        self.generation = 1
        self.runs = {each.metadata.name: each for each in runs}
        self.children: dict[tuple[str, str], dict[str, Any]] = {}
        self.broken: dict[str, list[Manifest]] = {}
        self.traffic = Traffic(latency_bounds=BOUNDS)
        self.settings = SETTINGS
        self.now = NOW
        self.events: list[Event] = []
        self.writes = 0
        self._uids = 0

    @property
    def deployment(self) -> ModelDeployment:
        about = {
            "name": "flights",
            "namespace": "flights",
            "uid": "uid-mdep",
            "generation": self.generation,
            "annotations": self.annotations,
        }
        return ModelDeployment.model_validate(
            {"metadata": about, "spec": self.spec, "status": self.status}
        )

    @property
    def canary(self) -> Canary | None:
        return self.deployment.status.canary

    @property
    def serving(self) -> str:
        """The run that serves, by the status."""
        stable = self.deployment.status.stable
        return stable.run if stable else ""

    @property
    def rolling_out(self) -> str:
        canary = self.canary
        return canary.run if canary else ""

    @property
    def answered_by(self) -> str:
        """The identity that clients reach."""
        service = self.children.get(("Service", "flights"))
        return service["spec"]["selector"][IDENTITY] if service else ""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [child for (k, _), child in sorted(self.children.items()) if k == kind]

    def edit(self, **spec: Any) -> None:
        self.spec |= spec
        self.generation += 1

    def add(self, *runs: TrainingRun) -> None:
        self.runs |= {each.metadata.name: each for each in runs}

    def snapshot(self) -> ModelDeploymentSnapshot:
        return ModelDeploymentSnapshot(
            deployment=self.deployment,
            runs=tuple(self._chosen()),
            deployments=tuple(deepcopy(self.of("Deployment"))),
            services=tuple(deepcopy(self.of("Service"))),
            pods=tuple(self._pods()),
            traffic=self.traffic,
            settings=self.settings,
            now=self.now,
        )

    def _chosen(self) -> list[TrainingRun]:
        reference = self.spec["model"].get("runRef")
        if reference:
            return [self.runs[reference["name"]]] if reference["name"] in self.runs else []
        return [self.runs[name] for name in sorted(self.runs)]

    def _pods(self) -> Iterator[Manifest]:
        for identity, statuses in self.broken.items():
            about = {"name": f"pod-{identity}", "labels": {IDENTITY: identity}}
            yield {"metadata": about, "status": {"containerStatuses": statuses}}

    def once(self, *, crash_after: int | None = None) -> Plan:
        """Look once and carry the plan out; the operator ends after `crash_after` writes."""
        made = plan(self.snapshot())
        assert made == plan(self.snapshot()), "the same snapshot gave two plans"
        gone = {(each.key.resource.kind, each.key.name) for each in made.delete}
        kept = {(each["kind"], each["metadata"]["name"]) for each in made.apply}
        assert not gone & kept, "applied and deleted in one pass"
        for number, write in enumerate(self._writes(made)):
            if crash_after is not None and number >= crash_after:
                return made
            write()
            self.writes += 1
        self.events.extend(made.events)
        return made

    def _writes(self, made: Plan) -> Iterator[Any]:
        for manifest in (*made.create, *made.apply):
            key = (manifest["kind"], manifest["metadata"]["name"])
            if not self._is_so(key, manifest):
                yield lambda key=key, manifest=manifest: self._put(key, manifest)
        if made.status is not None and made.status != self.status:
            yield lambda: setattr(self, "status", json.loads(json.dumps(made.status)))
        for deletion in made.delete:
            key = (deletion.key.resource.kind, deletion.key.name)
            if self.children.get(key, {}).get("metadata", {}).get("uid") == deletion.uid:
                yield lambda key=key: self.children.pop(key)

    def _is_so(self, key: tuple[str, str], manifest: Manifest) -> bool:
        live = self.children.get(key)
        if live is None or live["spec"] != manifest["spec"]:
            return False
        wanted = manifest["metadata"]
        return all(live["metadata"][field] == wanted[field] for field in wanted)

    def _put(self, key: tuple[str, str], manifest: Manifest) -> None:
        live = self.children.get(key)
        self._uids += 1
        about = {**manifest["metadata"]}
        about["uid"] = live["metadata"]["uid"] if live else f"uid-{self._uids}"
        about["generation"] = (live["metadata"]["generation"] if live else 0) + 1
        status = live.get("status", {}) if live else {}
        self.children[key] = {**deepcopy(dict(manifest)), "metadata": about, "status": status}
        if key[0] == "Deployment":
            broken = restricted.violations(manifest["spec"]["template"]["spec"])
            assert broken == [], broken

    def settle(self, *, start_pods: bool = True) -> None:
        """Look until nothing is left to write, with pods that start at once."""
        for _ in range(50):
            before = self.writes
            self.once()
            if start_pods:
                self.start_pods()
            if self.writes == before:
                return
        raise AssertionError("never quiet")

    def start_pods(self) -> None:
        """Let the kubelet start what can start."""
        for child in self.of("Deployment"):
            identity = child["metadata"]["labels"][IDENTITY]
            wanted = child["spec"]["replicas"]
            ready = 0 if identity in self.broken else wanted
            status = {
                "observedGeneration": child["metadata"]["generation"],
                "replicas": wanted,
                "updatedReplicas": wanted,
                "readyReplicas": ready,
                "availableReplicas": ready,
            }
            if child["status"] != status:
                self.writes += 1
                child["status"] = status

    def break_pods(self, identity: str, *statuses: Manifest) -> None:
        """Let the pods of an identity fail with these container statuses."""
        self.broken[identity] = list(statuses)

    def call(self, requests: int, *, errors: int = 0, slow: bool = False) -> None:
        """Let clients call until the canary has had this many requests on its step."""
        canary = self.canary
        assert canary, "no canary is under way"
        assert canary.weight, "the canary gets no requests"
        token = measure.routing_id(canary)
        stable = Arm(requests=10_000, errors=0, latency=(9000, 900, 90, 10, 0, 0))
        latency = (0, 0, 0, 0, requests, 0) if slow else (requests, 0, 0, 0, 0, 0)
        arm = Arm(requests=requests, errors=errors, latency=latency)
        arms = {**self.traffic.arms, token: (stable, arm)}
        self.traffic = replace(
            self.traffic, arms=arms, latency_bounds=BOUNDS, routed=frozenset({token})
        )

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def roll_out(self) -> None:
        """Let a rollout run to its end with good answers."""
        self.settle()
        for _ in range(10):
            if self.canary is None:
                break
            self.call(5000)
            self.wait(1)
            self.settle()
        self.wait(20)
        self.settle()

    def condition(self, type_: str) -> Manifest:
        found = [c for c in self.status.get("conditions", ()) if c["type"] == type_]
        return found[0] if found else {"status": "absent", "reason": "", "message": ""}

    def told(self, reason: str) -> list[str]:
        return [event.message for event in self.events if event.reason == reason]
