"""Pods of Jobs: what a restricted namespace lets in, and who can see which credentials."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from plumbline.contract.layout import UPLOAD_READY
from plumbline.plan.specs import pod

from tests.unit.plan.builders import failed, run
from tests.unit.plan.restricted import violations
from tests.unit.plan.stories import DatasetStory, RunStory, ready_dataset

Pod = dict[str, Any]
USERS = {"container": {"image": "team/train:1", "env": [{"name": "EPOCHS", "value": "3"}]}}


def good() -> Pod:
    container = pod.container(
        "main",
        image="image:1",
        pull_policy="IfNotPresent",
        resources=pod.resources(cpu="1", memory="1Gi", disk="1Gi"),
    )
    made = pod.pod(containers=[container], volumes=[pod.scratch("tmp", "1Gi")])
    return copy.deepcopy(made)


def pod_of(story: DatasetStory | RunStory, job: str) -> Pod:
    return dict(story.world.get("Job", job)["spec"]["template"]["spec"])


def containers(spec: Pod) -> dict[str, Pod]:
    return {each["name"]: each for each in (*spec.get("initContainers", ()), *spec["containers"])}


def test_a_pod_of_ours_breaks_nothing() -> None:
    assert violations(good()) == []


BREAKS: dict[str, Callable[[Pod, Pod], Any]] = {
    "hostNetwork": lambda p, c: p.update(hostNetwork=True),
    "hostPID": lambda p, c: p.update(hostPID=True),
    "runAsNonRoot is not true": lambda p, c: p["securityContext"].pop("runAsNonRoot"),
    "runAsUser is 0": lambda p, c: p["securityContext"].update(runAsUser=0),
    "seccompProfile": lambda p, c: p["securityContext"].pop("seccompProfile"),
    "sysctls": lambda p, c: p["securityContext"].update(sysctls=[{"name": "x"}]),
    "fsGroup": lambda p, c: p["securityContext"].pop("fsGroup"),
    "token": lambda p, c: p.pop("automountServiceAccountToken"),
    "service links": lambda p, c: p.update(enableServiceLinks=True),
    "hostPath": lambda p, c: p["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
    "sizeLimit": lambda p, c: p["volumes"].append({"name": "e", "emptyDir": {}}),
    "privileged": lambda p, c: c["securityContext"].update(privileged=True),
    "allowPrivilegeEscalation": lambda p, c: c["securityContext"].pop("allowPrivilegeEscalation"),
    "not dropped": lambda p, c: c["securityContext"].pop("capabilities"),
    "added": lambda p, c: c["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    "runs as root": lambda p, c: c["securityContext"].update(runAsUser=0),
    "can be written": lambda p, c: c["securityContext"].pop("readOnlyRootFilesystem"),
    "procMount": lambda p, c: c["securityContext"].update(procMount="Unmasked"),
    "unconfined": lambda p, c: c["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "no request for cpu": lambda p, c: c["resources"]["requests"].pop("cpu"),
    "no limit for memory": lambda p, c: c["resources"]["limits"].pop("memory"),
    "no limit for ephemeral-storage": lambda p, c: c["resources"].update(limits={"memory": "1"}),
    "hostPort": lambda p, c: c.update(ports=[{"hostPort": 80}]),
    "names a host": lambda p, c: c.update(livenessProbe={"httpGet": {"host": "elsewhere"}}),
}


@pytest.mark.parametrize(("word", "damage"), BREAKS.items(), ids=BREAKS)
def test_each_rule_is_seen_when_only_it_is_broken(
    word: str, damage: Callable[[Pod, Pod], Any]
) -> None:
    spec = good()
    damage(spec, spec["containers"][0])
    (found,) = violations(spec)
    assert word in found


def test_init_and_ephemeral_containers_are_looked_at_too() -> None:
    for group in ("initContainers", "ephemeralContainers"):
        spec = good()
        spec[group] = [copy.deepcopy(spec["containers"][0])]
        spec[group][0]["securityContext"]["runAsUser"] = 0
        assert violations(spec) == ["container main: runs as root"]


def stories() -> dict[str, tuple[DatasetStory | RunStory, str]]:
    trained = RunStory(run(trainer=USERS))
    trained.trains()
    profile = DatasetStory(source={"configMap": {"name": "data", "key": "rows.csv"}})
    return {
        "profile": (profile, profile.job),
        "train": (RunStory(), "first-train"),
        "train of a user": (trained, "first-train"),
        "judge": (trained, "first-judge"),
    }


@pytest.mark.parametrize(("story", "job"), stories().values(), ids=stories())
def test_every_jobs_pod_meets_the_restricted_standard(
    story: DatasetStory | RunStory, job: str
) -> None:
    assert violations(pod_of(story, job)) == []


def has_credentials(container: Pod) -> bool:
    return "plumbline-store" in str(container.get("envFrom", "")) + str(container.get("env", ""))


def test_only_our_own_steps_of_training_can_reach_the_store() -> None:
    found = containers(pod_of(RunStory(run(trainer=USERS)), "first-train"))
    assert {name: has_credentials(each) for name, each in found.items()} == {
        "fetch": True,
        "upload": True,
        "train": False,
    }


def test_the_step_that_loads_the_model_sees_neither_the_store_nor_the_labels() -> None:
    story = RunStory()
    story.trains()
    found = containers(pod_of(story, "first-judge"))
    seen = {mount["name"] for mount in found["predict"]["volumeMounts"]}
    assert "labels" not in seen
    assert "tmp" not in seen
    assert not has_credentials(found["predict"])
    assert has_credentials(found["judge"])
    assert has_credentials(found["fetch"])


def test_the_upload_is_a_side_car_that_is_given_time() -> None:
    spec = pod_of(RunStory(), "first-train")
    assert containers(spec)["upload"]["restartPolicy"] == "Always"
    assert spec["terminationGracePeriodSeconds"] >= 60


def test_a_training_that_ignores_its_end_soon_gives_its_cpu_back() -> None:
    assert pod_of(RunStory(), "first-train")["terminationGracePeriodSeconds"] <= 120


def test_no_training_begins_and_ends_before_the_upload_listens() -> None:
    upload = containers(pod_of(RunStory(), "first-train"))["upload"]
    probe = upload["startupProbe"]
    assert UPLOAD_READY in probe["exec"]["command"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 60


THREADS = {"OMP_NUM_THREADS", "OMP_WAIT_POLICY"}


@pytest.mark.parametrize("trainer", [None, USERS])
def test_a_small_cpu_limit_does_not_make_many_threads_spin(trainer: Any) -> None:
    story = RunStory(run(trainer=trainer) if trainer else None)
    story.trains()
    for job, name in (("first-train", "train"), ("first-judge", "predict")):
        env = {e["name"]: e for e in containers(pod_of(story, job))[name]["env"]}
        assert env["OMP_WAIT_POLICY"]["value"] == "passive"
        source = env["OMP_NUM_THREADS"]["valueFrom"]["resourceFieldRef"]
        assert source == {"containerName": name, "resource": "limits.cpu", "divisor": "1"}


def test_threads_that_the_user_chose_are_his() -> None:
    own = {"container": {**USERS["container"], "env": [{"name": "OMP_NUM_THREADS", "value": "7"}]}}
    made = run(trainer=own, podTemplate={"env": [{"name": "OMP_WAIT_POLICY", "value": "active"}]})
    train = containers(pod_of(RunStory(made), "first-train"))["train"]
    found = [(each["name"], each.get("value")) for each in train["env"] if each["name"] in THREADS]
    assert sorted(found) == [("OMP_NUM_THREADS", "7"), ("OMP_WAIT_POLICY", "active")]


def test_a_profile_gets_what_a_kubelet_can_keep_and_what_the_user_asks_for() -> None:
    story = DatasetStory(resources={"cpu": 2, "memory": "12Gi", "ephemeralStorage": "40Gi"})
    spec = pod_of(story, story.job)
    found = containers(spec)["profile"]["resources"]
    assert found["requests"] == {"cpu": "2", "memory": "12Gi", "ephemeral-storage": "40Gi"}
    assert found["limits"] == {"memory": "12Gi", "ephemeral-storage": "40Gi"}
    (room,) = (each for each in spec["volumes"] if each["name"] == "tmp")
    assert room["emptyDir"]["sizeLimit"] == "40Gi"


def test_other_resources_read_the_source_again_only_if_that_failed() -> None:
    story = ready_dataset()
    story.world.edit("Dataset", "flights", resources={"memory": "8Gi"})
    assert story.world.settle() == 1
    assert story.condition("Reconciling") is None
    short = DatasetStory()
    short.ends(failed("OOMKilled"))
    assert short.condition("Stalled") == ("True", "OOMKilled")
    short.world.edit("Dataset", "flights", resources={"memory": "8Gi"})
    short.world.settle()
    assert short.condition("Reconciling") == ("True", "Profiling")


def test_a_users_image_keeps_its_user_and_ours_has_a_fixed_one() -> None:
    found = containers(pod_of(RunStory(run(trainer=USERS)), "first-train"))
    assert "runAsUser" not in found["train"]["securityContext"]
    assert found["train"]["securityContext"]["runAsNonRoot"] is True
    assert found["upload"]["securityContext"]["runAsUser"] == 65532


def test_a_users_variables_do_not_replace_ours() -> None:
    env = [{"name": "PLUMBLINE_DATA", "value": "/etc"}, {"name": "LR", "value": "0.1"}]
    made = run(trainer=USERS, podTemplate={"env": env})
    train = containers(pod_of(RunStory(made), "first-train"))["train"]
    found = {each["name"]: each["value"] for each in train["env"] if each["name"] not in THREADS}
    assert found == {
        "EPOCHS": "3",
        "LR": "0.1",
        "PLUMBLINE_DATA": "/data",
        "PLUMBLINE_MODEL": "/model",
        "PLUMBLINE_SEED": "0",
    }


def test_pod_settings_apply_to_the_training_pod_only() -> None:
    made = run(podTemplate={"nodeSelector": {"pool": "gpu"}, "priorityClassName": "low"})
    story = RunStory(made)
    story.trains()
    assert pod_of(story, "first-train")["nodeSelector"] == {"pool": "gpu"}
    assert pod_of(story, "first-train")["priorityClassName"] == "low"
    assert "nodeSelector" not in pod_of(story, "first-judge")


def test_kubectl_logs_shows_the_training_container() -> None:
    job = RunStory().world.get("Job", "first-train")
    notes = job["spec"]["template"]["metadata"]["annotations"]
    assert notes["kubectl.kubernetes.io/default-container"] == "train"


def test_disruption_does_not_count_and_the_users_mistake_ends_the_job() -> None:
    job = RunStory().world.get("Job", "first-train")
    disruption, patience, mistake = job["spec"]["podFailurePolicy"]["rules"]
    assert disruption["action"] == "Ignore"
    assert disruption["onPodConditions"][0]["type"] == "DisruptionTarget"
    assert patience["onExitCodes"] == {"containerName": "fetch", "operator": "In", "values": [75]}
    assert mistake["action"] == "FailJob"
    assert 64 in mistake["onExitCodes"]["values"]


def test_a_sources_own_secret_reaches_the_profile_step_under_its_prefix() -> None:
    story = DatasetStory(source={"uri": "s3://raw/*.csv", "secretRef": {"name": "raw-keys"}})
    profile = containers(pod_of(story, story.job))["profile"]
    assert {"prefix": "SOURCE_", "secretRef": {"name": "raw-keys"}} in profile["envFrom"]


def test_names_and_labels_and_owner_are_the_standard_ones() -> None:
    story = RunStory()
    metadata = story.world.get("Job", "first-train")["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/name": "plumbline-train",
        "app.kubernetes.io/part-of": "plumbline",
        "app.kubernetes.io/component": "train",
        "app.kubernetes.io/managed-by": "plumbline",
        "plumbline.dev/run": "first",
    }
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "TrainingRun",
            "name": "first",
            "uid": story.uid,
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
