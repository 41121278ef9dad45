"""What Kubernetes does with the children: pods of Deployments and Jobs, and garbage."""

from collections.abc import Iterator
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key, Resource
from plumbline.api.resources import DEPLOYMENT, JOB, POD

from tests.sim.fakeapi.store import Store
from tests.sim.loop import pods
from tests.sim.loop.clock import Time
from tests.sim.loop.feed import key_of

Object = dict[str, Any]
REPLICA_SET = Resource("apps", "v1", "ReplicaSet", "replicasets")
EVICTED = {"phase": "Failed", "reason": "Evicted"}
QUOTA = 'pods "{}" is forbidden: exceeded quota: compute, requested: pods=1, used: 9, limited: 9'


class Cluster:
    """The controllers and the kubelet.

    Attributes:
        serving: the status of the pods of an identity; they serve when it is not said.
        working: the status of the pods of a Job, by its name; they run when it is not said.
        refused: why no further pod is let in, with `{}` for its name; empty when all are.
        rolls: whether anybody acts for Deployments.
        collects: whether what deleted objects leave behind is removed.
    """

    def __init__(self, store: Store, time: Time) -> None:
        self._store, self._time = store, time
        self.serving: dict[str, Object] = {}
        self.working: dict[str, Object] = {}
        self.refused, self.rolls, self.collects = "", True, True
        self._serial = 0

    def step(self) -> bool:
        """Let everybody act once; return whether anything has changed."""
        before = self._store.version
        while self.collects and self._store.collect_garbage():
            pass
        for live in self._store.list(DEPLOYMENT, "") if self.rolls else ():
            self._roll(live)
        for job in self._store.list(JOB, ""):
            self._run(job)
        return self._store.version != before

    def pods_of(self, owner: Object) -> list[Object]:
        """Return the pods that an object controls, a Deployment by its ReplicaSet."""
        uids = {owner["metadata"]["uid"]}
        uids |= {o["metadata"]["uid"] for o in self._store.list(REPLICA_SET, "") if _is_of(o, uids)}
        return [pod for pod in self._store.list(POD, "") if _is_of(pod, uids)]

    def end(self, job: Object, condition: Object, status: Object) -> None:
        """Let a Job end; its newest pod says this."""
        for pod in self.pods_of(job)[-1:]:
            self.set_status(POD, pod, status)
        told = [{**condition, "status": "True"}]
        self.set_status(JOB, job, {"startTime": self._time.stamp(), "conditions": told})

    def lose_pods(self, owner: Object) -> None:
        """Let the pods of an object vanish, as with their node."""
        for pod in self.pods_of(owner):
            self._store.delete(key_of(POD, pod), {})

    def evict(self, owner: Object) -> None:
        """Let the node turn out the pods of an object."""
        for pod in self.pods_of(owner):
            self.set_status(POD, pod, EVICTED)

    def set_status(self, resource: Resource, obj: Object, status: Object) -> None:
        live = self._store.get(key_of(resource, obj))
        if live.get("status") != status:
            wanted = {**live, "status": status}
            self._store.replace(key_of(resource, obj), wanted, part="status", with_status=True)

    def _roll(self, live: Object) -> None:
        """Bring the pods of a Deployment to their number and tell how they are."""
        self._replica_set(live)
        alive = [pod for pod in self.pods_of(live) if pod.get("status") != EVICTED]
        wanted = live["spec"].get("replicas", 1)
        for pod in alive[wanted:]:
            self._store.delete(key_of(POD, pod), {})
        for _ in range(0 if self.refused else wanted - len(alive)):
            self._make_pod(live, self._replica_set(live))
        for pod in self.pods_of(live):
            self._serve(pod)
        self.set_status(DEPLOYMENT, live, self._count(live))

    def _serve(self, pod: Object) -> None:
        status = pod.get("status", {})
        trouble = self.serving.get(pod["metadata"]["labels"][names.IDENTITY_LABEL])
        if status == EVICTED:
            return
        if trouble:
            self.set_status(POD, pod, trouble)
        elif not _is_ready(pod):
            self.set_status(POD, pod, pods.running(self._time.stamp(), status))

    def _count(self, live: Object) -> Object:
        made = [pod for pod in self.pods_of(live) if pod.get("status") != EVICTED]
        ready = sum(map(_is_ready, made))
        counts = {"replicas": len(made), "updatedReplicas": len(made)}
        counts |= {"readyReplicas": ready, "availableReplicas": ready}
        told = {name: number for name, number in counts.items() if number}
        if len(made) < live["spec"].get("replicas", 1) and self.refused:
            refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
            message = self.refused.format(f"{live['metadata']['name']}-x7k2p")
            told["conditions"] = [{**refused, "message": message}]
        return {"observedGeneration": live["metadata"]["generation"], **told}

    def _run(self, job: Object) -> None:
        """Give a Job that nobody holds its pod."""
        if job["spec"].get("suspend") or job.get("status", {}).get("conditions"):
            return
        if "startTime" not in job.get("status", {}):
            self.set_status(JOB, job, {"startTime": self._time.stamp(), "active": 1})
        if not self.pods_of(job) and not self.refused:
            self._make_pod(job, job)
        for pod in self.pods_of(job):
            self._work(job, pod)

    def _work(self, job: Object, pod: Object) -> None:
        name = job["metadata"]["labels"][names.COMPONENT]
        began = pod.get("status", {}).get("startTime") or self._time.stamp()
        status = self.working.get(job["metadata"]["name"]) or pods.works(began, name)
        self.set_status(POD, pod, status)

    def _make_pod(self, of: Object, owner: Object) -> None:
        self._serial += 1
        template = of["spec"]["template"]
        name = f"{of['metadata']['name']}-{self._serial:04d}"
        about = {**template["metadata"], "name": name, "namespace": of["metadata"]["namespace"]}
        about["ownerReferences"] = [_reference(owner)]
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": template["spec"]}
        self._store.create(key_of(POD, made), made, with_status=True)

    def _replica_set(self, live: Object) -> Object:
        about = live["metadata"]
        key = Key(REPLICA_SET, about["namespace"], f"{about['name']}-rs")
        if key not in self._store.objects:
            metadata = {"name": key.name, "namespace": key.namespace}
            metadata["ownerReferences"] = [_reference(live)]
            made = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}
            self._store.create(key, made, with_status=True)
        return self._store.objects[key]


def _reference(owner: Object) -> Object:
    named = {field: owner[field] for field in ("apiVersion", "kind")}
    about = owner["metadata"]
    return {**named, "name": about["name"], "uid": about["uid"], "controller": True}


def _is_of(obj: Object, uids: set[str]) -> bool:
    return any(each["uid"] in uids for each in controllers(obj))


def controllers(obj: Object) -> Iterator[Object]:
    """Yield the references to controlling owners."""
    for each in obj["metadata"].get("ownerReferences", ()):
        if each.get("controller"):
            yield each


def _is_ready(pod: Object) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in pod.get("status", {}).get("conditions", ())
    )
