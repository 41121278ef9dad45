"""Worlds in which one thing is going on, with short words for what happens in them."""

from typing import Any

from plumbline.plan.common.job_outcome import JobOutcome

from tests.sim.loop.world import World
from tests.unit.plan.builders import (
    case_of,
    dataset,
    judged,
    manifest,
    profiled,
    run,
    template,
    trained,
)

Object = dict[str, Any]
# What these kinds read is written by the tests.
IDLE = ("ModelDeployment", "DriftMonitor")


class DatasetStory:
    """A world with one Dataset."""

    def __init__(self, **spec: Any) -> None:
        self.world = World(idle=IDLE)
        self.uid = self.world.add(dataset(**spec))["metadata"]["uid"]
        self.world.settle()

    @property
    def status(self) -> Object:
        return self.world.get("Dataset", "flights")["status"]

    @property
    def job(self) -> str:
        (name,) = self.world.names("Job")
        return name

    def condition(self, type_: str) -> tuple[str, str] | None:
        found = self.world.condition("Dataset", "flights", type_)
        return (found["status"], found["reason"]) if found else None

    def message(self, type_: str) -> str:
        found = self.world.condition("Dataset", "flights", type_)
        assert found
        return str(found["message"])

    def ends(self, outcome: JobOutcome) -> None:
        self.world.finish(self.job, outcome)
        self.world.settle()

    def refresh(self, mark: str) -> None:
        self.world.annotate("Dataset", "flights", "plumbline.dev/refresh", mark)
        self.world.settle()

    def asks(self, *requests: str) -> None:
        """Let monitors ask for new rows, one for each of these requests and no others."""
        for name in self.world.names("DriftMonitor"):
            self.world.delete("DriftMonitor", name)
        for number, request in enumerate(requests):
            asking = manifest("DriftMonitor", f"m{number}", {"deploymentRef": {"name": "flights"}})
            asking["status"] = {"refresh": request, "refreshDataset": "flights"}
            self.world.add(asking)
        self.world.settle()


def ready_dataset() -> DatasetStory:
    story = DatasetStory()
    story.ends(profiled(story.uid, "a"))
    return story


class RunStory:
    """A world with a Dataset whose revision can be used, a template, and a run of it."""

    def __init__(self, made: Object | None = None, *, world: World | None = None) -> None:
        self.world = world or with_data()
        self.uid = self.world.add(made or run())["metadata"]["uid"]
        self.world.settle()

    @property
    def status(self) -> Object:
        return self.world.get("TrainingRun", "first")["status"]

    @property
    def jobs(self) -> list[str]:
        return [name for name in self.world.names("Job") if name.startswith("first-")]

    def condition(self, type_: str) -> tuple[str, str] | None:
        found = self.world.condition("TrainingRun", "first", type_)
        return (found["status"], found["reason"]) if found else None

    def message(self, type_: str) -> str:
        found = self.world.condition("TrainingRun", "first", type_)
        assert found
        return str(found["message"])

    def ends(self, job: str, outcome: JobOutcome) -> None:
        self.world.finish(job, outcome)
        self.world.settle()

    def trains(self) -> None:
        self.ends("first-train", trained(self.uid))

    def is_judged(self, verdict: str = "Passed", *, job: str = "first-judge") -> None:
        case = case_of(self.world.get("Job", job))
        self.ends(job, judged(self.uid, verdict, case=case))


def with_data(**spec: Any) -> World:
    """Return a world with a Dataset at revision 1 and a template."""
    world = World(idle=IDLE)
    uid = world.add(dataset(**spec))["metadata"]["uid"]
    world.add(template())
    world.settle()
    (job,) = world.names("Job")
    world.finish(job, profiled(uid))
    world.settle()
    return world
