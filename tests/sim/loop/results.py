"""What Jobs come to: their steps' last words, and what they leave in the store."""

from typing import TYPE_CHECKING, Any

from plumbline.api import names
from plumbline.contract.last_words import REASON
from plumbline.plan.common.job_outcome import JobOutcome

from tests.sim.loop import pods
from tests.unit.plan import builders

if TYPE_CHECKING:
    from tests.sim.loop.world import World

Object = dict[str, Any]
SPEAKERS = {"profile": "profile", "train": "upload", "judge": "judge"}


def component_of(job: Object) -> str:
    """Return what a Job is for: profile, train or judge."""
    return str(job["metadata"]["labels"][names.COMPONENT])


def active(world: "World") -> list[Object]:
    """Return the Jobs that run: a queue does not hold them, and they have not ended."""
    jobs = world.all("Job")
    return [
        job
        for job in jobs
        if not job["spec"].get("suspend") and not job.get("status", {}).get("conditions")
    ]


def succeed(
    world: "World", job: Object, *, word: str = "a", verdict: str = "Passed", lost: bool = False
) -> None:
    """Let a Job end well; its pods may be gone before anybody has read their last words."""
    record = _record(job, word, verdict)
    finish(world, job, JobOutcome(state="Succeeded", record=record), lost=lost)


def fail(world: "World", job: Object, reason: str) -> None:
    """Let a Job fail for a reason that its step gives."""
    finish(world, job, builders.failed(reason, f"The Job broke ({reason})"))


def finish(world: "World", job: Object, outcome: JobOutcome, *, lost: bool = False) -> None:
    """Let a Job come to this, as its pods and the store tell it."""
    name = SPEAKERS[component_of(job)]
    cluster = world.cluster
    cluster.step()
    job = world.store.get(world.key("Job", job["metadata"]["name"]))
    if outcome.state == "Active":
        cluster.working[job["metadata"]["name"]] = _troubled(job, outcome)
    elif outcome.state == "Failed":
        word = {"reason": outcome.reason, "message": outcome.message}
        code = 75 if outcome.reason.endswith("Unreachable") else 64
        told = {
            "type": "Failed",
            "reason": outcome.reason or "JobFailed",
            "message": outcome.message,
        }
        cluster.end(job, told, pods.ended(component_of(job), word, code=code))
        lost = lost or not REASON.fullmatch(outcome.reason)
    else:
        digest = world.archive.put(outcome.record or {}, digest=outcome.manifest)
        world.archive.pointers[job["metadata"]["uid"]] = digest
        cluster.end(job, {"type": "Complete"}, pods.ended(name, {"digest": digest}))
    if lost:
        cluster.lose_pods(job)


def _troubled(job: Object, outcome: JobOutcome) -> Object | None:
    if not outcome.reason:
        return None
    word = {"reason": outcome.reason, "message": outcome.message}
    return pods.tries_again(component_of(job), word)


def _record(job: Object, word: str, verdict: str) -> Object:
    (owner,) = job["metadata"]["ownerReferences"]
    component, uid = component_of(job), owner["uid"]
    if component == "profile":
        made = builders.broken(uid) if word == "broken" else builders.profiled(uid, word)
    elif component == "train":
        made = builders.trained(uid, word)
    else:
        made = builders.judged(uid, verdict, case=builders.case_of(job))
    record = dict(made.record or {})
    if component == "profile" and word != "broken":
        record["holdout"] = {"by": "Row", "rows": 20, "countedFrom": builders.digest("held")}
    if component == "judge":
        record["model"] = {**record["model"], "digest": builders.digest(owner["name"])}
        record["look"] = builders.case_of(job).get("looks", {}).get("next", 0)
    return record
