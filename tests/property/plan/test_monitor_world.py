"""Whatever happens to a DriftMonitor: one run an episode, none on broken or suspect data."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus

from tests.unit.plan.monitor_story import MonitorStory, look

looks = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["a", "a", "b"]),
        "drifted": st.booleans(),
        "broken": st.sampled_from([False, False, True]),
        "suspect": st.sampled_from([False, False, True]),
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
    st.tuples(st.just("confirm"), st.sampled_from(["watch-1", "watch-2"])),
    st.tuples(st.just("suspend"), st.booleans()),
    st.tuples(st.just("mode"), st.sampled_from(["Retrain", "Observe"])),
    st.tuples(st.just("crash"), st.integers(0, 2)),
)


class Watched:
    """A monitor, and every run that was ever made for it."""

    def __init__(self) -> None:
        self.story = MonitorStory()
        self.made: dict[str, str] = {}

    def take(self, step: tuple[str, Any]) -> None:
        """Let one thing happen, and everybody act on it."""
        before = set(self.story.runs)
        broken = self.story.assessment and self.story.assessment.broken
        self._happens(*step)
        self.story.world.settle()
        now_broken = self.story.assessment and self.story.assessment.broken
        for name in set(self.story.runs) - before:
            assert not (broken and now_broken), "a run on broken data"
            assert self._may_retrain(name), "a run on suspect data"
            labels = self.story.world.get("TrainingRun", name)["metadata"]["labels"]
            episode = labels["plumbline.dev/episode"]
            assert episode not in self.made.values(), "a second run of an episode"
            self.made[name] = episode

    def _may_retrain(self, name: str) -> bool:
        looked = self.story.assessment
        metadata = self.story.world.get("DriftMonitor", "watch")["metadata"]
        confirmed = metadata.get("annotations", {}).get("plumbline.dev/confirm")
        return not (looked and looked.suspects) or confirmed == name

    def _happens(self, what: str, value: Any) -> None:
        story, world = self.story, self.story.world
        match what:
            case "look":
                story.assessment = look(**value)
            case "nothing known":
                story.assessment = None
            case "serves":
                story.serves(value[0], revision=value[1])
            case "rows":
                story.new_rows(value)
            case "bad rows":
                story.bad_rows()
            case "run ends":
                self._end(value)
            case "delete run":
                for name in story.runs[:1]:
                    world.delete("TrainingRun", name)
            case "wait":
                world.advance(value)
            case "confirm":
                story.confirms(value)
            case "suspend":
                world.edit("DriftMonitor", "watch", suspend=value)
            case "mode":
                spec = world.get("DriftMonitor", "watch")["spec"]
                response = {**spec["response"], "mode": value}
                world.edit("DriftMonitor", "watch", response=response)
            case "crash":
                world.api.crash_after = value

    def _end(self, verdict: str | None) -> None:
        for name in self.story.runs:
            status = self.story.world.get("TrainingRun", name)["status"]
            if "completionTime" not in status:
                self.story.ends(name, verdict)

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
def test_one_episode_makes_at_most_one_run_and_never_on_broken_or_suspect_data(happened):
    watched = Watched()
    watched.story.sees()
    for step in happened:
        watched.take(step)
        watched.check()
    watched.story.world.api.crash_after = None
    watched.story.world.settle()
    watched.story.world.restart()
    assert watched.story.world.settle() == 0, "a restart writes nothing"
