"""What users see in states that they know: `python -m tests.unit.plan.written` writes it down.

The files show in a review what a change of the code means to people and to running clusters.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from plumbline.plan.common import jobs
from plumbline.plan.common.job_outcome import of_job

from tests.sim.loop.stories import WORDS, tell
from tests.sim.loop.world import World
from tests.unit.plan import builders, rollout_story
from tests.unit.plan.builders import run
from tests.unit.plan.kubelet_says import SAYS
from tests.unit.plan.rollout_story import served
from tests.unit.plan.stories import DatasetStory, RunStory, with_data
from tests.unit.plan.test_condition_table import STATES, Told
from tests.unit.plan.test_log_environment import JSON
from tests.unit.plan.test_model_deployment_table import measuring
from tests.unit.plan.test_restricted import USERS
from tests.unit.plan.test_training_champion import story_with
from tests.unit.plan.troubles import troubles

Object = dict[str, Any]
Part = Callable[[], Object]
ROWS = {"configMap": {"name": "data", "key": "rows.csv"}}
FOLDER = Path(__file__).parent / "written"
# What the API server sets differs from cluster to cluster.
OF_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation")
AGES = (0, 15, 600)
CHILDREN = ("ConfigMap", "Job", "Deployment", "Service", "PodDisruptionBudget")


def records() -> dict[str, dict[str, Part]]:
    """Return what is written into each file, part by part."""
    table = {tell.__name__: tell for _, tell in STATES}
    return {
        "states": {name: partial(_state, tell) for name, tell in table.items()},
        "troubles": {name: partial(_state, tell) for name, tell in troubles().items()},
        "children": {name: partial(_children, world) for name, world in WORLDS.items()},
        "outcomes": {name: partial(_outcome, *told) for name, told in SAYS.items()},
        "rules": {"everything happens": _rules},
    }


def read(record: str) -> Object:
    """Return what is written down."""
    found: Object = json.loads((FOLDER / f"{record}.json").read_text())
    return found


def write() -> None:
    """Write everything down."""
    FOLDER.mkdir(exist_ok=True)
    for record, parts in records().items():
        found = {name: part() for name, part in parts.items()}
        text = json.dumps(found, indent=1, sort_keys=True)
        (FOLDER / f"{record}.json").write_text(text + "\n")


def _state(tell: Callable[[], Told]) -> Object:
    """Return the status of an object, what was decided last, and what was done before."""
    told = tell()
    decisions = told.world.newest_plan(told.kind, told.name).decisions
    diary = told.world.diary
    return {
        "status": told.object["status"],
        "decisions": [asdict(each) for each in decisions],
        "acts": {rule: asdict(each) for rule, each in diary.decided.items() if each.acts},
        "events": {reason: each.message for reason, each in diary.told.items()},
    }


def _outcome(job: Object, pods: list[Object]) -> Object:
    """Return what is known of a Job, and what a condition says of it in time."""
    found = of_job(job, pods)
    now = found.since or builders.NOW
    ages = {seconds: jobs.progress(found, now + timedelta(seconds=seconds)) for seconds in AGES}
    told = {seconds: asdict(each) for seconds, each in ages.items()}
    return dict(json.loads(json.dumps({"found": asdict(found), "after": told}, default=str)))


def _rules() -> Object:
    """Return what each rule and each event said first, in a story in which everything happens."""
    story = [(word, number) for number in (0, 3) for word in dict.fromkeys(WORDS)]
    diary = tell(story).world.diary
    return {
        "rules": {rule: asdict(decision) for rule, decision in diary.decided.items()},
        "events": {reason: asdict(event) for reason, event in diary.told.items()},
    }


def _logging() -> World:
    world = with_data(source={"uri": "s3://raw/*.csv", "secretRef": {"name": "raw-keys"}})
    world.settings = builders.settings(log_environment=JSON)
    return RunStory(world=world).world


WORLDS: dict[str, Callable[[], World]] = {
    "rows of a ConfigMap are read": lambda: DatasetStory(source=ROWS).world,
    "logs are told how": _logging,
    "a container of one's own trains": lambda: RunStory(run(trainer=USERS)).world,
    "a model is compared with a champion": lambda: story_with("a").world,
    "three pods serve a model": lambda: served(rollout_story.run("one"), replicas=3).world,
    "a canary is measured": lambda: measuring().world,
}


def _children(tell: Callable[[], World]) -> Object:
    """Return the objects that the operator makes."""
    world = tell()
    world.settle()
    made = (each for kind in CHILDREN for each in world.all(kind))
    return {f"{each['kind']} {each['metadata']['name']}": _as_made(each) for each in made}


def _as_made(obj: Object) -> Object:
    about = {name: of for name, of in obj["metadata"].items() if name not in OF_THE_SERVER}
    return {**{name: of for name, of in obj.items() if name != "status"}, "metadata": about}


if __name__ == "__main__":
    write()
