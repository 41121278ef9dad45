"""What the cluster, the store and the operator's process do, by a number."""

from typing import Any

from plumbline.api import names

from tests.sim.loop import pods, results
from tests.sim.loop.choices import FAILURES, STUCK, one_of
from tests.sim.loop.cluster import QUOTA
from tests.sim.loop.world import World

Object = dict[str, Any]


class Faults:
    """Jobs, pods, the store, and an operator that may miss something or die."""

    world: World
    rows = marks = 0

    def jobs_end(self, number: int) -> None:
        for job in results.active(self.world):
            self.rows += 1
            word = "same" if number % 4 == 3 else f"rows {self.rows}"
            results.succeed(self.world, job, word=word, lost=number % 5 == 4)

    def gates_fail(self, number: int) -> None:
        for job in results.active(self.world):
            verdict = one_of(("Failed", "Inconclusive"), number)
            word = one_of(("broken", "x"), number)
            results.succeed(self.world, job, word=word, verdict=verdict)

    def job_fails(self, number: int) -> None:
        for job in self._some_job():
            results.fail(self.world, job, one_of(FAILURES, number))

    def job_is_stuck(self, number: int) -> None:
        for job in self._some_job():
            self.world.cluster.working[job["metadata"]["name"]] = self._stuck(number)

    def job_vanishes(self, number: int) -> None:
        if jobs := self.world.names("Job"):
            self.world.delete("Job", one_of(jobs, number))

    def frozen_vanishes(self, number: int) -> None:
        if found := self.world.names("ConfigMap"):
            self.world.delete("ConfigMap", one_of(found, number))

    def child_vanishes(self, number: int) -> None:
        kind = one_of(("Service", "PodDisruptionBudget"), number)
        if found := self.world.names(kind):
            self.world.delete(kind, one_of(found, number // 2))

    def pods_fail(self, number: int) -> None:
        for identity in self._identities()[-1:] if number % 3 else self._identities()[:1]:
            self.world.cluster.serving[identity] = one_of(pods.SERVING_TROUBLES, number)

    def canary_fails(self, number: int) -> None:
        if canary := self._canary():
            identity = canary["identity"]
            self.world.cluster.serving[identity] = one_of(pods.SERVING_TROUBLES, number)

    def pods_mend(self, number: int) -> None:
        self.world.cluster.serving.clear()

    def evicted(self, number: int) -> None:
        if found := self.world.all("Deployment"):
            self.world.cluster.evict(one_of(found, number))

    def node_lost(self, number: int) -> None:
        for owner in (*self.world.all("Deployment"), *results.active(self.world)):
            self.world.cluster.lose_pods(owner)

    def quota(self, number: int) -> None:
        self.world.cluster.refused = QUOTA if number % 2 else ""

    def store_away(self, number: int) -> None:
        self.world.archive.away = True

    def store_back(self, number: int) -> None:
        self.world.archive.away = False

    def deaf(self, number: int) -> None:
        self.world.deafen()

    def lag(self, number: int) -> None:
        self.world.feed.lags = bool(number % 2)

    def resync(self, number: int) -> None:
        self.world.resync()

    def restart(self, number: int) -> None:
        self.world.restart()

    def crash(self, number: int) -> None:
        self.world.api.crash_after = number % 4

    def fault(self, number: int) -> None:
        self.world.api.faults.append(one_of(("lost", "unsure"), number))

    def mend(self, number: int) -> None:
        """Let the cluster be as it should be."""
        self.pods_mend(number)
        self.store_back(number)
        self.quota(0)
        self.world.cluster.working.clear()

    def _some_job(self) -> list[Object]:
        """Return a Job that runs; one of a new fetch when there is none."""
        if not results.active(self.world):
            self.marks += 1
            mark = f"again {self.marks}"
            if self.world.find("Dataset", "flights"):
                self.world.annotate("Dataset", "flights", names.REFRESH_ANNOTATION, mark)
            self.world.settle()
        return results.active(self.world)[:1]

    def _stuck(self, number: int) -> Object:
        reason = one_of(STUCK, number)
        if reason == "Unschedulable":
            return pods.unschedulable()
        return pods.waits("train", reason, "see there") if reason else {}

    def _identities(self) -> list[str]:
        live = self.world.all("Deployment")
        return [each["metadata"]["labels"][names.IDENTITY_LABEL] for each in live]

    def _canary(self) -> Object | None:
        live = self.world.find("ModelDeployment", "flights")
        return live["status"].get("canary") if live else None
