"""What the operator must never do, looked at before each of its writes and in each plan."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.plan import Plan
from plumbline.api.resources import DEPLOYMENT, JOB, SERVICE
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.plan.kind import Kind
from plumbline.plan.registry import BY_KIND

from tests.sim.fakeapi.store import Store
from tests.sim.loop.api import Write
from tests.sim.loop.cluster import controllers

Object = Mapping[str, Any]


class Unsafe(BaseException):
    """The operator is about to do what it must never do."""


def checked(kind: Kind[Any], told: Callable[[Key, Any, Plan], None]) -> Kind[Any]:
    """Return the kind with a plan that must be the same twice; `told` hears of it."""

    def plan(snapshot: Any) -> Plan:
        made, again = kind.plan(snapshot), kind.plan(snapshot)
        about = getattr(snapshot, kind.subject).metadata
        if made != again:
            raise Unsafe(f"the same snapshot of {about.name} gave two plans")
        gone = {each.key for each in made.delete}
        if kept := gone & {_key(each) for each in (*made.create, *made.apply)}:
            raise Unsafe(f"{kept} is made and deleted in one pass")
        told(Key(kind.resource, about.namespace, about.name), snapshot, made)
        return made

    return replace(kind, plan=plan)


class Safety:
    """Looks at writes.

    Args:
        is_behind: whether the operator may not know everything.
        is_broken: whether a monitor sees live data that breaks its schema.
    """

    def __init__(
        self, store: Store, is_behind: Callable[[], bool], is_broken: Callable[[Key], bool]
    ) -> None:
        self._store, self._is_behind, self._is_broken = store, is_behind, is_broken
        self._episodes: set[tuple[str, str]] = set()

    def check(self, write: Write) -> None:
        """Look at a write that is about to be done.

        Raises:
            Unsafe: it must not be done.
        """
        verb, resource = write.verb, write.key.resource
        if verb == "create" and resource == TRAINING_RUN and write.before is None:
            self._of_episode(write)
        if verb == "create" and resource == JOB and write.before is None:
            self._of_job(write)
        if verb == "apply" and resource == SERVICE:
            self._of_service(write)
        if verb == "status of" and resource == MODEL_DEPLOYMENT:
            self._of_rollout(write)
        if verb == "delete":
            self._of_deletion(write)

    def _of_episode(self, write: Write) -> None:
        """One episode makes one run, whatever becomes of it; a monitor on hold makes none."""
        labels = write.body["metadata"].get("labels", {})
        name, episode = labels[names.MONITOR_LABEL], labels[names.EPISODE_LABEL]
        key = Key(DRIFT_MONITOR, write.key.namespace, name)
        monitor = self._store.objects[key]
        made = (monitor["metadata"]["uid"], episode)
        if made in self._episodes:
            raise Unsafe(f"a second run of episode {episode}")
        self._episodes.add(made)
        if monitor["spec"].get("suspend") and not self._is_behind():
            raise Unsafe(f"monitor {name} is suspended and makes run {write.key.name}")
        if self._is_broken(key):
            raise Unsafe(f"monitor {name} sees broken data and makes run {write.key.name}")

    def _of_job(self, write: Write) -> None:
        owner = self._owner(write)
        if owner is None:
            return
        if owner["spec"].get("suspend") and not self._is_behind():
            raise Unsafe(f"{owner['metadata']['name']} is suspended and gets {write.key.name}")
        component = write.body["metadata"]["labels"][names.COMPONENT]
        if component == "train" and owner.get("status", {}).get("training"):
            raise Unsafe(f"{owner['metadata']['name']} is trained and gets {write.key.name}")

    def _of_service(self, write: Write) -> None:
        """Clients are only sent to pods that answered when that was decided."""
        identity = write.body["spec"]["selector"][names.IDENTITY_LABEL]
        before = (write.before or {}).get("spec", {}).get("selector", {})
        if before.get(names.IDENTITY_LABEL) == identity:
            return
        name = write.body["metadata"]["labels"][names.DEPLOYMENT_LABEL]
        if self._serving(write.key.namespace, name, identity) is None and not self._is_behind():
            raise Unsafe(f"Service {write.key.name} selects {identity}, which has no pods")

    def _of_rollout(self, write: Write) -> None:
        """One move a pass, from pods that answer; nothing that was rejected; no move on hold."""
        old = (write.before or {}).get("status") or {}
        new = write.body.get("status") or {}
        was, now = old.get("canary") or {}, new.get("canary") or {}
        stable = (old.get("stable") or {}).get("identity")
        taken = (new.get("stable") or {}).get("identity")
        begun = bool(now) and now["identity"] != was.get("identity")
        stepped = not begun and bool(now) and now.get("step", 0) != was.get("step", 0)
        if (taken != stable) + begun + stepped > 1:
            raise Unsafe(f"two moves at once of {write.key.name}")
        held = write.body["spec"].get("suspend")
        if held and (begun or taken != stable or (stepped and now["step"] > was["step"])):
            raise Unsafe(f"{write.key.name} is suspended and moves on")
        if taken != stable and not self._is_behind():
            self._answers(write, str(taken))

    def _answers(self, write: Write, identity: str) -> None:
        live = self._serving(write.key.namespace, write.key.name, identity)
        ready = live.get("status", {}).get("availableReplicas", 0) if live else 0
        if ready < write.body["spec"].get("replicas", 1):
            raise Unsafe(f"{identity} takes over {write.key.name} with {ready} pods")

    def _of_deletion(self, write: Write) -> None:
        """Nothing goes that a status names, least of all what clients are sent to."""
        if write.before is None or (owner := self._owner(write)) is None:
            return
        status, name = owner.get("status", {}), write.key.name
        if write.key.resource == DEPLOYMENT:
            identity = write.before["metadata"]["labels"][names.IDENTITY_LABEL]
            roles = [status.get("stable"), status.get("canary"), *status.get("retiring", ())]
            if identity in {each["identity"] for each in roles if each}:
                raise Unsafe(f"{name} is deleted and the status names it")
            if identity == self._selected(owner):
                raise Unsafe(f"{name} is deleted and clients are sent to it")
        if owner["kind"] == DATASET.kind and name == (status.get("fetch") or {}).get("job"):
            raise Unsafe(f"{name} is deleted and the status names it")
        if owner["kind"] == TRAINING_RUN.kind and not status.get("completionTime"):
            raise Unsafe(f"{name} is deleted and its run has not ended")

    def _owner(self, write: Write) -> Object | None:
        obj = write.body if "metadata" in write.body else write.before or {}
        for each in controllers(dict(obj)):
            resource = BY_KIND[each["apiVersion"], each["kind"]]
            found = self._store.objects.get(Key(resource, write.key.namespace, each["name"]))
            if found and found["metadata"]["uid"] == each["uid"]:
                return found
        return None

    def _selected(self, owner: Object) -> str:
        about = owner["metadata"]
        service = self._store.objects.get(Key(SERVICE, about["namespace"], about["name"]))
        return str(service["spec"]["selector"][names.IDENTITY_LABEL]) if service else ""

    def _serving(self, namespace: str, name: str, identity: str) -> Object | None:
        return self._store.objects.get(Key(DEPLOYMENT, namespace, f"{name}-{identity}"))


def _key(manifest: Object) -> Key:
    about = manifest["metadata"]
    return Key(BY_KIND[manifest["apiVersion"], manifest["kind"]], about["namespace"], about["name"])
