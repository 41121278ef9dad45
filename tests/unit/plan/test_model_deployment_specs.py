"""The children of a ModelDeployment, as the API server gets them."""

import json

from plumbline.api.v1alpha1.model_deployment import Served
from plumbline.plan.specs import deployment, service

from tests.unit.plan import restricted
from tests.unit.plan.rollout_story import SETTINGS, RolloutStory, digest

SERVED = Served(
    identity="0123456789",
    model=digest("m"),
    manifest=digest("manifest"),
    run="one",
    image="registry/server:1",
)


def made(live=None, **spec):
    return deployment.serving_deployment(
        RolloutStory(**spec).deployment, SERVED, settings=SETTINGS, live=live
    )


def pod(**spec):
    return made(**spec)["spec"]["template"]["spec"]


def test_the_pod_meets_the_restricted_standard():
    assert restricted.violations(pod()) == []


def test_only_the_step_that_fetches_knows_the_store():
    (fetch,), (server,) = pod()["initContainers"], pod()["containers"]
    assert fetch["envFrom"] == [{"secretRef": {"name": "plumbline-store"}}]
    assert "envFrom" not in server
    assert not [v for v in server["env"] if "AWS" in v["name"] or "STORE" in v["name"]]
    url = {"name": "PLUMBLINE_STORE_URL", "value": "s3://plumbline-flights"}
    assert url in fetch["env"]
    assert {"name": "PLUMBLINE_MODEL_MANIFEST", "value": SERVED.manifest} in fetch["env"]


def test_the_server_cannot_change_the_model_that_it_serves():
    (server,) = pod()["containers"]
    assert {"name": "model", "mountPath": "/model", "readOnly": True} in server["volumeMounts"]


def test_a_pod_has_time_to_drain():
    variables = {v["name"]: v["value"] for v in pod()["containers"][0]["env"]}
    assert int(variables["PLUMBLINE_DRAIN_SECONDS"]) + 10 <= pod()["terminationGracePeriodSeconds"]


def test_there_are_never_fewer_pods_than_wanted():
    strategy = made()["spec"]["strategy"]
    assert strategy["rollingUpdate"]["maxUnavailable"] == 0


def test_pods_prefer_different_nodes_but_start_on_one():
    (spread,) = pod()["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["labelSelector"]["matchLabels"]["plumbline.dev/identity"] == SERVED.identity


def test_pods_of_two_identities_are_never_mixed():
    spec = made()["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert spec["selector"]["matchLabels"]["plumbline.dev/identity"] == SERVED.identity
    assert labels["app.kubernetes.io/component"] == "server"
    assert labels["app.kubernetes.io/managed-by"] == "plumbline"


def test_pods_stay_as_they_were_made_whatever_a_newer_builder_would_make():
    live = made()
    older = json.loads(live["metadata"]["annotations"]["plumbline.dev/pod-template"])
    older["spec"]["containers"][0]["env"] = [{"name": "OLD", "value": "1"}]
    live["metadata"]["annotations"]["plumbline.dev/pod-template"] = json.dumps(older)
    assert made(live)["spec"]["template"] == older
    assert made(live, replicas=5)["spec"]["replicas"] == 5


def test_an_annotation_that_was_damaged_is_written_again():
    live = made()
    live["metadata"]["annotations"]["plumbline.dev/pod-template"] = "{"
    assert made(live) == made()


def test_the_deadline_and_resources_are_the_users():
    found = made(
        rollout={"progressDeadlineSeconds": 42}, server={"resources": {"memory": "3Gi", "cpu": "2"}}
    )
    assert found["spec"]["progressDeadlineSeconds"] == 42
    resources = found["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources["limits"]["memory"] == "3Gi"
    assert resources["requests"]["cpu"] == "2"


def test_probes_ask_the_admin_port():
    (server,) = pod()["containers"]
    assert server["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
    assert server["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "admin"}
    assert server["startupProbe"]["failureThreshold"] >= 60


def test_clients_use_port_80():
    mdep = RolloutStory().deployment
    found = service.service(mdep, name="flights", identity="abc")
    (port,) = found["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, 8080)
    assert found["spec"]["selector"] == {
        "plumbline.dev/deployment": "flights",
        "plumbline.dev/identity": "abc",
    }


def test_a_drain_takes_one_pod_at_a_time_of_any_identity():
    found = service.disruption_budget(RolloutStory().deployment)
    assert found["spec"]["maxUnavailable"] == 1
    assert found["spec"]["selector"]["matchLabels"] == {"plumbline.dev/deployment": "flights"}
