"""What people fear of a monitor that retrains, each as a sentence."""

from dataclasses import replace

import pytest
from plumbline.live.observations import PodProblem

from tests.unit.plan import builders
from tests.unit.plan.monitor_story import MonitorStory, look


def drifting(**response) -> MonitorStory:
    story = MonitorStory(**response)
    story.sees()
    story.sees(drifted=True)
    return story


def retraining() -> MonitorStory:
    story = drifting()
    story.new_rows()
    return story


def test_a_monitor_that_sees_nothing_wrong_watches_and_does_nothing():
    story = MonitorStory()
    story.sees()
    assert story.condition("Ready")["reason"] == "Watching"
    assert "2 columns" in story.condition("Ready")["message"]
    assert story.condition("Drifted")["status"] == "False"
    assert story.condition("DataBroken")["status"] == "False"
    assert story.runs == []


def test_no_drift_is_not_claimed_before_it_could_be_found():
    story = MonitorStory()
    story.assessment = replace(look(), is_learning=True)
    story.world.settle()
    assert story.condition("Drifted")["status"] == "Unknown"
    assert story.condition("Drifted")["reason"] == "Learning"
    story.sees()
    assert story.condition("Drifted")["reason"] == "NoDrift"


def test_drift_asks_the_dataset_for_new_rows_before_it_trains():
    story = drifting()
    assert story.episode["outcome"] == "RefreshRequested"
    assert story.episode["columns"] == ["temp"]
    assert story.status["refreshDataset"] == "flights"
    assert story.runs == []
    story.new_rows()
    assert story.runs == ["watch-1"]
    run = story.world.get("TrainingRun", "watch-1")
    assert run["spec"]["datasetRef"] == {"name": "flights", "revision": 2}
    assert run["spec"]["templateRef"] == {"name": "flights"}
    assert "ownerReferences" not in run["metadata"]
    assert run["metadata"]["labels"]["plumbline.dev/template"] == "flights"
    assert run["metadata"]["labels"]["plumbline.dev/episode"] == "watch-1"
    assert "temp" in run["metadata"]["annotations"]["plumbline.dev/reason"]
    assert len(story.told("DriftDetected")) == 1
    assert len(story.told("Retraining")) == 1


def test_a_run_that_somebody_else_named_so_is_not_taken_for_the_answer():
    story = MonitorStory()
    for name in ("watch-1", "watch-2", "watch-x"):
        story.world.add(builders.run(name))
    story.sees(drifted=True)
    story.new_rows()
    assert story.episode["id"] == "watch-3"
    assert story.runs == ["watch-1", "watch-2", "watch-3", "watch-x"]


def test_one_episode_makes_one_run_however_long_the_drift_lasts():
    story = retraining()
    for verdict in ("Failed", "Failed"):
        story.ends("watch-1", verdict)
        for _ in range(10):
            story.waits(3600)
            story.sees(drifted=True, rows=800)
    assert story.runs == ["watch-1"]
    assert story.episode["outcome"] == "NotAccepted"
    assert "is below 0.65" in story.condition("Drifted")["message"]


def test_a_run_that_somebody_deletes_is_not_made_again():
    story = retraining()
    story.world.delete("TrainingRun", "watch-1")
    story.waits(3600)
    assert story.runs == []
    assert story.episode["outcome"] == "RunDeleted"


@pytest.mark.parametrize("writes", [0, 1, 2])
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_one_episode_makes_one_run_even_if_the_operator_dies_at_any_point(writes, steps):
    story = MonitorStory()
    story.sees()
    for step in range(4):
        story.world.api.crash_after = writes if step == steps else None
        story.sees(drifted=True)
        story.waits(1)
        if step:
            story.new_rows()
    story.crashes(writes)
    story.waits(1)
    assert story.runs == ["watch-1"]
    assert story.status["lastRun"] == "watch-1"


def test_no_new_rows_means_no_retraining_until_there_are_some():
    story = drifting()
    story.same_rows()
    assert (story.episode["outcome"], story.runs) == ("NoNewData", [])
    first = story.status["refresh"]
    story.waits(299)
    assert story.status["refresh"] == first
    story.waits(2)
    assert story.status["refresh"] != first, "the business may have delivered since"
    story.new_rows()
    assert story.runs == ["watch-1"]


def test_rows_that_came_by_another_way_are_trained_on():
    story = drifting()
    story.same_rows()
    story.world.annotate("Dataset", "flights", "plumbline.dev/refresh", "by hand")
    story.world.settle()
    story.new_rows()
    assert story.runs == ["watch-1"]


def test_a_dataset_that_has_newer_rows_than_the_model_already_is_used():
    story = MonitorStory()
    story.world.annotate("Dataset", "flights", "plumbline.dev/refresh", "earlier")
    story.world.settle()
    story.new_rows("b")
    story.sees()
    story.sees(drifted=True)
    story.new_rows("b")
    assert story.runs == ["watch-1"]


def test_a_bad_new_set_is_not_trained_on():
    story = drifting()
    story.bad_rows()
    assert (story.episode["outcome"], story.runs) == ("DatasetInvalid", [])
    assert "flights" in story.condition("Drifted")["message"]


def test_broken_data_pages_and_never_retrains():
    story = MonitorStory()
    story.sees()
    story.sees(drifted=True, broken=True)
    story.waits(3600)
    assert story.episode == {}
    assert story.runs == []
    assert story.condition("DataBroken")["status"] == "True"
    assert "temp fails Min in 200 of 400 rows" in story.condition("DataBroken")["message"]
    assert len(story.told("DataBroken")) == 1
    assert story.condition("Ready")["status"] == "True"


def test_data_that_breaks_during_an_episode_holds_the_run_back():
    story = drifting()
    story.sees(drifted=True, broken=True)
    story.new_rows()
    assert story.runs == []
    story.sees(drifted=True)
    assert story.runs == ["watch-1"]


def test_an_operator_that_restarts_does_not_forget_that_data_is_broken():
    story = drifting()
    story.sees(drifted=True, broken=True)
    story.assessment = None
    story.new_rows()
    assert story.runs == []
    assert story.condition("DataBroken")["status"] == "True"


def suspect(**response) -> MonitorStory:
    story = MonitorStory(**response)
    story.sees()
    assert story.condition("Suspect")["status"] == "False"
    story.sees(drifted=True, suspect=True)
    return story


def test_a_likely_fault_pages_and_retraining_waits_for_a_person():
    story = suspect()
    assert story.condition("Suspect")["status"] == "True"
    assert (
        "temp (OneValue): one value from 0 to 1, 100 of 400"
        in story.condition("Suspect")["message"]
    )
    assert len(story.told("SuspectData")) == 1
    assert story.episode["outcome"] == "WaitingForConfirmation"
    assert story.status["suspects"][0]["rule"] == "OneValue"
    story.waits(3600)
    story.new_rows()
    assert story.runs == []
    assert "plumbline.dev/confirm=watch-1" in story.condition("Drifted")["message"]


@pytest.mark.parametrize("episode", ["watch-1", "watch-2", ""])
def test_a_person_confirms_one_episode(episode):
    story = suspect()
    story.confirms(episode)
    story.new_rows()
    assert story.runs == (["watch-1"] if episode == "watch-1" else [])


def test_a_suspicion_that_has_ended_still_waits_for_a_person():
    story = suspect()
    story.sees(drifted=True)
    assert story.condition("Suspect")["status"] == "False"
    story.new_rows()
    assert story.runs == []
    story.sees()
    assert story.history == [("watch-1", "Cleared")]


def test_a_suspicion_during_an_episode_holds_the_run_back_also_after_a_restart():
    story = drifting()
    story.sees(drifted=True, suspect=True)
    story.assessment = None
    story.new_rows()
    assert story.runs == []
    assert story.condition("Suspect")["status"] == "True"


def test_who_asks_for_it_retrains_on_suspect_data():
    story = suspect(onSuspect="Retrain")
    story.new_rows()
    assert story.runs == ["watch-1"]
    assert story.condition("Suspect")["status"] == "True"


def test_the_page_says_what_a_jump_of_one_value_means():
    story = drifting()
    story.sees(broken=True, rule="ValueJump", rows=800)
    said = story.condition("DataBroken")["message"]
    assert "temp fails ValueJump (one value replaces many) in 400 of 800 rows" in said


def test_the_status_keeps_until_when_a_column_was_broken():
    story = drifting()
    story.sees(broken=True)
    story.sees(mended=(("temp", 1_000_000_000),))
    assert story.status["mended"] == [{"column": "temp", "until": "2001-09-09T01:46:40Z"}]
    story.assessment = None
    assert story.world.settle() == 0


def test_a_restart_before_the_first_look_writes_nothing():
    story = drifting()
    story.assessment = None
    assert story.world.settle() == 0


def test_a_look_at_no_rows_does_not_end_an_episode():
    story = drifting()
    story.sees(rows=0)
    assert story.episode["id"] == "watch-1"
    assert story.condition("Drifted")["status"] == "True"


def test_an_episode_closes_when_the_drift_is_over_and_the_next_has_another_name():
    story = drifting()
    story.sees()
    assert story.history == [("watch-1", "Cleared")]
    assert story.status.get("refresh", "") == ""
    assert story.condition("Drifted")["status"] == "False"
    story.sees(drifted=True)
    assert story.episode["id"] == "watch-2"


def test_an_episode_ends_when_the_healed_model_serves():
    story = retraining()
    story.ends("watch-1", "Passed")
    assert story.episode["outcome"] == "Trained"
    story.serves("b", revision=2)
    story.sees(model="b")
    assert story.history == [("watch-1", "Trained")]
    assert story.condition("Drifted")["status"] == "False"


def test_an_episode_stands_until_its_run_has_ended():
    story = retraining()
    story.sees()
    assert story.episode["outcome"] == "Training"
    story.ends("watch-1", "Passed")
    assert story.history == [("watch-1", "Trained")]


def test_a_look_at_another_model_than_the_one_that_serves_opens_nothing():
    story = MonitorStory()
    story.sees()
    story.sees(model="b", drifted=True)
    assert story.episode == {}
    assert story.condition("Drifted")["status"] == "False"


def test_two_retrainings_are_a_cooldown_apart():
    story = MonitorStory(cooldownSeconds=3600)
    story.sees()
    story.sees(drifted=True)
    story.new_rows("b")
    story.ends("watch-1", "Passed")
    story.serves("b", revision=2)
    story.sees(model="b")
    story.sees(model="b", drifted=True)
    assert story.episode["outcome"] == "CoolingDown"
    assert story.status.get("refresh", "") == ""
    story.waits(3601)
    story.new_rows("c")
    assert story.runs == ["watch-1", "watch-2"]


def test_a_new_episode_does_not_train_again_on_rows_that_gave_no_model():
    story = MonitorStory(cooldownSeconds=0)
    story.sees()
    story.sees(drifted=True)
    story.new_rows("b")
    story.ends("watch-1", "Failed")
    story.sees()
    story.sees(drifted=True)
    story.new_rows("b")
    assert story.runs == ["watch-1"]
    assert story.episode["outcome"] == "NoNewData"


def test_a_second_monitor_run_waits_for_the_first_to_end():
    story = retraining()
    lost = {key: value for key, value in story.status.items() if key != "episode"}
    story.world.set_status("DriftMonitor", "watch", lost)
    story.world.settle()
    assert story.episode["id"] == "watch-2"
    assert story.episode["outcome"] == "WaitingForRun"
    assert story.runs == ["watch-1"]


def test_a_dataset_that_is_made_again_under_its_name_is_trained_on():
    story = MonitorStory(cooldownSeconds=0)
    story.sees(drifted=True)
    story.new_rows("b")
    story.ends("watch-1", "Passed")
    story.serves("b", revision=2)
    story.world.settle()
    story.world.delete("Dataset", "flights")
    for job in story.world.names("Job"):
        story.world.delete("Job", job)
    story.data_uid = story.world.add(builders.dataset())["metadata"]["uid"]
    story.sees(model="b", drifted=True)
    story.new_rows("c")
    assert story.world.get("Dataset", "flights")["status"]["revision"] == 3, "no number comes twice"
    story.new_rows("c")
    assert story.world.get("TrainingRun", "watch-2")["spec"]["datasetRef"]["revision"] == 3


def test_a_monitor_of_a_column_that_nobody_counts_does_not_pretend_to_watch():
    story = MonitorStory()
    story.world.edit("DriftMonitor", "watch", columns=["tmep"])
    story.assessment = replace(look(), findings=(), unknown=("tmep",))
    story.world.settle()
    ready = story.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ColumnUnknown")
    assert "spec.columns names tmep, but" in ready["message"]
    assert story.condition("Stalled")["status"] == "True"
    story.assessment = None
    assert story.world.settle() == 0, "a restart says nothing else"
    story.world.edit("DriftMonitor", "watch", columns=["temp"])
    story.world.settle()
    assert story.condition("Stalled")["status"] == "absent"


def test_status_that_is_lost_gives_no_name_twice():
    story = retraining()
    story.ends("watch-1", "Passed")
    story.world.set_status("DriftMonitor", "watch", {"observedGeneration": -1})
    story.world.settle()
    assert story.episode["id"] == "watch-2"


def test_observe_tells_and_does_nothing():
    story = drifting(mode="Observe")
    assert story.episode["outcome"] == "Observed"
    assert story.status.get("refresh", "") == ""
    assert story.condition("Drifted")["status"] == "True"


def test_a_long_name_makes_runs_with_names_that_fit():
    story = MonitorStory(name="a" * 40)
    story.sees()
    story.sees(drifted=True)
    story.new_rows()
    assert len(story.runs) == 1
    assert len(story.runs[0]) <= 40


def test_numbers_alone_write_nothing():
    story = drifting()
    for rows in range(401, 440):
        story.assessment = type(story.assessment)(
            model=story.assessment.model,
            drifted=True,
            findings=story.assessment.findings,
            window_rows=rows,
        )
        assert story.world.settle() == 0


def test_lost_rows_are_said():
    story = MonitorStory()
    story.sees(lost=12)
    assert story.status["rowsLost"] == 12


def test_suspend_watches_nothing_and_trains_nothing():
    story = drifting()
    story.world.edit("DriftMonitor", "watch", suspend=True)
    story.new_rows()
    assert story.condition("Ready")["reason"] == "Suspended"
    assert story.condition("Reconciling")["status"] == "absent"
    assert story.runs == []


def test_a_missing_template_is_said_before_it_is_needed():
    story = MonitorStory()
    story.world.delete("TrainingTemplate", "flights")
    story.sees()
    assert story.condition("Ready")["reason"] == "WaitingForTemplate"
    story.sees(drifted=True)
    assert story.episode["outcome"] == "WaitingForTemplate"


def test_a_monitor_without_a_model_waits():
    story = MonitorStory(serves=False)
    assert story.condition("Ready")["reason"] == "WaitingForDeployment"
    assert story.condition("Reconciling")["status"] == "True"
    story.serves("a", revision=1)
    story.world.settle()
    assert story.condition("Ready")["reason"] == "WaitingForTraffic"
    assert story.condition("Ready")["status"] == "True"


def test_history_is_bounded():
    story = MonitorStory(mode="Observe")
    for _ in range(15):
        story.sees()
        story.sees(drifted=True)
    assert len(story.history) == 10
    assert story.episode["id"] == "watch-15"


def test_scores_that_are_no_numbers_can_be_stored():
    story = MonitorStory()
    story.sees()
    found = story.assessment.findings[0]
    wild = type(found)(
        name="temp",
        score=float("inf"),
        threshold=float("nan"),
        log10_p=float("-inf"),
        rows=4,
        alarm=True,
    )
    story.assessment = type(story.assessment)(
        model=story.assessment.model, drifted=True, findings=(wild,), window_rows=4
    )
    story.world.settle()
    assert story.status["columns"][0]["log10P"] == -9999.0


def test_a_monitor_that_cannot_read_a_serving_pod_does_not_pretend_to_watch():
    story = MonitorStory()
    story.assessment = look()
    story.world.settle()
    assert story.condition("Ready")["status"] == "True"
    problem = PodProblem(
        pod="flights-abc", identity="abc", image="server:9", message="its format is 7"
    )
    story.cannot_read(replace(problem, identity="before"), problem)
    story.world.settle()
    ready = story.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "CountsUnreadable")
    assert "cannot read the counts of 1 serving pod, so" in ready["message"]
    assert "pod flights-abc (image server:9): its format is 7" in ready["message"]
    story.cannot_read()
    story.world.settle()
    assert story.condition("Ready")["reason"] == "Watching"


def test_a_monitor_whose_rows_cannot_be_evaluated_does_not_pretend_to_watch():
    story = MonitorStory()
    story.sees(drifted=True)
    story.cannot_evaluate("the reference of model one cannot be read: the store is away.")
    ready = story.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "EvaluationFailed")
    assert ready["message"].endswith(
        "are not watched: the reference of model one cannot be read: the store is away."
    )
    assert story.condition("Drifted")["status"] == "True"
    story.cannot_evaluate("")
    assert story.condition("Ready")["reason"] == "Watching"


def test_rows_whose_run_ended_without_a_verdict_are_trained_on_again():
    story = retraining()
    story.ends("watch-1", None)
    story.sees()
    story.waits(300)
    story.sees(drifted=True)
    story.new_rows("b")
    assert story.runs == ["watch-1", "watch-2"]
    made = story.world.get("TrainingRun", "watch-2")["spec"]["datasetRef"]
    assert made == {"name": "flights", "revision": 2}
