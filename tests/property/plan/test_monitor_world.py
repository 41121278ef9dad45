"""Whatever happens to a DriftMonitor, in any order: one run an episode, none on broken data."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus

from tests.unit.plan import builders
from tests.unit.plan.monitor_story import MonitorStory, look

looks = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["a", "a", "b"]),
        "drifted": st.booleans(),
        "broken": st.sampled_from([False, False, True]),
        "rows": st.sampled_from([200, 400]),
    }
)
steps = st.one_of(
    st.tuples(st.just("look"), looks),
    st.tuples(st.just("look"), looks),
    st.tuples(st.just("nothing known"), st.none()),
    st.tuples(st.just("serves"), st.sampled_from([("a", 1), ("b", 2), ("a", 3)])),
    st.tuples(st.just("rows"), st.sampled_from("abc")),
    st.tuples(st.just("bad rows"), st.none()),
    st.tuples(st.just("run ends"), st.sampled_from(["Passed", "Failed", None])),
    st.tuples(st.just("delete run"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 400, 10_000])),
    st.tuples(st.just("suspend"), st.booleans()),
    st.tuples(st.just("mode"), st.sampled_from(["Retrain", "Observe"])),
    st.tuples(st.just("crash"), st.integers(0, 2)),
    st.tuples(st.just("pass"), st.none()),
)


class Watched:
    """A monitor, and every run that was ever made for it."""

    def __init__(self) -> None:
        self.story = MonitorStory()
        self.made: dict[str, str] = {}

    def take(self, step: tuple[str, Any]) -> None:
        """Let one thing happen, then look once."""
        self._happens(*step)
        before = set(self.story.runs)
        broken = self.story.world.assessment and self.story.world.assessment.broken
        self.story.world.pass_over_all()
        for name in set(self.story.runs) - before:
            assert not broken, "a run on broken data"
            labels = self.story.world.get("TrainingRun", name)["metadata"]["labels"]
            episode = labels["plumbline.dev/episode"]
            assert episode not in self.made.values(), "a second run of an episode"
            self.made[name] = episode

    def _happens(self, what: str, value: Any) -> None:
        story, world = self.story, self.story.world
        match what:
            case "look":
                world.assessment = look(**value)
            case "nothing known":
                world.assessment = None
            case "serves":
                story.serves(value[0], revision=value[1])
            case "rows":
                self._fetch(builders.profiled(story.data_uid, value))
            case "bad rows":
                self._fetch(builders.broken(story.data_uid))
            case "run ends":
                self._end(value)
            case "delete run":
                for name in story.runs[:1]:
                    world.delete("TrainingRun", name)
            case "wait":
                world.advance(value)
            case "suspend":
                world.edit("DriftMonitor", "watch", suspend=value)
            case "mode":
                spec = world.get("DriftMonitor", "watch")["spec"]
                response = {**spec["response"], "mode": value}
                world.edit("DriftMonitor", "watch", response=response)
            case "crash":
                self._crash(value)

    def _fetch(self, outcome: Any) -> None:
        world = self.story.world
        for job in world.names("Job"):
            uid = world.get("Job", job)["metadata"]["uid"]
            if "profile" in job and uid not in world.outcomes:
                world.finish(job, outcome)

    def _end(self, verdict: str | None) -> None:
        for name in self.story.runs:
            status = self.story.world.get("TrainingRun", name)["status"]
            if "completionTime" not in status:
                self.story.ended(name, verdict)

    def _crash(self, writes: int) -> None:
        before = set(self.story.runs)
        self.story.crashes(writes)
        for name in set(self.story.runs) - before:
            labels = self.story.world.get("TrainingRun", name)["metadata"]["labels"]
            assert labels["plumbline.dev/episode"] not in self.made.values()
            self.made[name] = labels["plumbline.dev/episode"]

    def check(self) -> None:
        """What must hold at any moment."""
        DriftMonitorStatus.model_validate(self.story.status)
        going = [
            name
            for name in self.story.runs
            if "completionTime" not in self.story.world.get("TrainingRun", name)["status"]
        ]
        assert len(going) <= 1, "two runs at a time"
        ids = [each["id"] for each in self.story.status.get("history", ())]
        assert len(set(ids)) == len(ids), "a name that was given twice"


@settings(suppress_health_check=list(HealthCheck))
@given(happened=st.lists(steps, max_size=30))
def test_one_episode_makes_at_most_one_run_and_never_on_broken_data(happened):
    watched = Watched()
    watched.story.world.assessment = look()
    for step in happened:
        watched.take(step)
        watched.check()
    watched.story.world.settle()
    assert watched.story.world.settle() == 0
    fresh = watched.story.world.restarted()
    assert fresh.settle() == 0, "a restart writes nothing"
