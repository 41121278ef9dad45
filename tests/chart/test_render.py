"""The chart as text: what it makes of its values, and what it refuses."""

import json

import pytest
import yaml
from plumbline.shell.settings import from_environment

from hack.generate import crd, install
from hack.generate.__main__ import REPOSITORY
from tests.chart import helm
from tests.chart.helm import PATH, Refused, named, render
from tests.unit.plan.restricted import violations

# Helm comes with the cluster.
pytestmark = pytest.mark.cluster
MOUNTS_ITS_ACCOUNT = "pod: the service account's token is mounted"
VARIANTS = {
    "defaults": (),
    "two namespaces": ("namespaces={a,b}",),
    "two replicas": ("operator.replicas=2", "imagePullSecrets={pull}"),
    "no volume": ("store.persistent=false",),
    "a store elsewhere": ("store.enabled=false", "store.url=s3://bucket/{namespace}"),
    "a bare minimum": (
        "networkPolicies.enabled=false",
        "metrics.service=false",
        "crds.install=false",
        "roles.create=false",
    ),
    "everything": (
        "namespaces={a}",
        "createNamespaces=true",
        "networkPolicies.training={10.0.0.0/8}",
        "networkPolicies.prometheus[0].namespaceSelector.matchLabels.a=b",
        "networkPolicies.clients[0].podSelector.matchLabels.a=b",
        "store.allowFrom[0].podSelector.matchLabels.a=b",
        "operator.nodeSelector.disk=fast",
        "store.tolerations[0].operator=Exists",
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_lints_and_renders(variant):
    words = [word for setting in VARIANTS[variant] for word in ("--set", setting)]
    helm.helm("lint", "--strict", PATH, *words)
    objects = render(*VARIANTS[variant])
    assert objects
    for obj in objects:
        assert obj["apiVersion"], obj
        assert obj["metadata"]["name"], obj


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pod_meets_the_restricted_standard_and_more(variant):
    workloads = [obj for obj in render(*VARIANTS[variant]) if obj["kind"] == "Deployment"]
    assert workloads
    for workload in workloads:
        allowed = (
            [MOUNTS_ITS_ACCOUNT] if workload["metadata"]["name"] == "plumbline-operator" else []
        )
        assert violations(workload["spec"]["template"]["spec"]) == allowed


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("operators.replicas=2", "operators"),
        ("operator.replica=2", "replica"),
        ("operator.replicas=0", "replicas"),
        ("operator.replicas=two", "replicas"),
        ("log.level=LOUD", "level"),
        ("namespaces={Flights}", "namespaces"),
        ("store.size=big", "size"),
        ("networkPolicies.sources={everywhere}", "sources"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("namespaces={a,b,a}", "namespaces"),
        ("store.url=s3://shared-by-all-namespaces", "url"),
        ("store.url=ftp://host/{namespace}", "url"),
        ("networkPolicies.apiServer.ports=[]", "ports"),
        ("networkPolicies.apiServer.cidrs=[]", "cidrs"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(setting, word):
    with pytest.raises(Refused, match=word):
        render(setting)


def test_a_store_elsewhere_needs_an_address():
    with pytest.raises(Refused, match=r"store\.url is needed when store\.enabled is false"):
        render("store.enabled=false")


def test_no_role_reads_secrets():
    rules = [rule for obj in render("namespaces={a}") for rule in obj.get("rules", ())]
    assert {"jobs", "pods"} <= {each for rule in rules for each in rule["resources"]}
    assert [r for r in rules if {"secrets", "*"} & {*r["resources"], *r["verbs"]}] == []


def test_the_operators_settings_are_all_there():
    objects = render("namespaces={a,b}", "image.registry=host.example/team", "image.tag=v7")
    settings = named(objects, "ConfigMap", "plumbline-settings")["data"]
    process = from_environment({**settings, "POD_NAMESPACE": "home", "POD_NAME": "pod"})
    assert process.for_plans.trainer_image == "host.example/team/trainer:v7"
    assert process.for_plans.server_image == "host.example/team/server:v7"
    assert process.for_plans.namespaces == {"a", "b"}
    assert process.for_plans.store_url == "s3://plumbline-{namespace}"
    endpoint = process.for_plans.store_environment["AWS_ENDPOINT_URL"]
    assert endpoint == "http://plumbline-store.plumbline-system.svc:7070"


def test_a_change_of_the_settings_starts_the_operator_again():
    def checksum(*settings: str) -> str:
        operator = named(render(*settings), "Deployment", "plumbline-operator")
        return operator["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]

    assert checksum() == checksum()
    assert checksum() != checksum("log.level=DEBUG")


def test_each_namespace_gets_one_account_that_the_store_knows():
    objects = render("namespaces={a,b}")
    root = named(objects, "Secret", "plumbline-store-root")["stringData"]
    users = json.loads(root["users.json"])["accessAccounts"]
    assert users.keys() == {"plumbline-a", "plumbline-b"}
    for namespace in ("a", "b"):
        keys = named(objects, "Secret", "plumbline-store", namespace)["stringData"]
        user = users[keys["AWS_ACCESS_KEY_ID"]]
        assert (user["secret"], user["role"]) == (keys["AWS_SECRET_ACCESS_KEY"], "userplus")
        assert len(user["secret"]) == 40
    assert len({root["AWS_SECRET_ACCESS_KEY"], *(u["secret"] for u in users.values())}) == 3


def test_with_a_secret_of_ones_own_the_chart_makes_none():
    objects = render("namespaces={a}", "store.existingSecret=mine")
    assert [obj for obj in objects if obj["kind"] == "Secret"] == []
    text = json.dumps(named(objects, "Deployment", "plumbline-store"))
    assert '"secretName": "mine"' in text


def test_crds_stay_and_can_be_upgraded():
    crds = [obj for obj in render() if obj["kind"] == "CustomResourceDefinition"]
    assert len(crds) == len(crd.definitions())
    for obj, definition in zip(crds, crd.definitions(), strict=True):
        assert obj["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
        assert obj["spec"] == definition["spec"]


def test_a_training_pod_reaches_names_and_the_store_only():
    objects = render("namespaces={a}")
    policies = [
        o for o in objects if o["kind"] == "NetworkPolicy" and o["metadata"]["namespace"] == "a"
    ]
    labels = {"app.kubernetes.io/managed-by": "plumbline", "app.kubernetes.io/component": "train"}
    chosen = [
        p for p in policies if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ]
    assert [p["metadata"]["name"] for p in chosen] == ["plumbline-pods"]
    ports = [port["port"] for rule in chosen[0]["spec"]["egress"] for port in rule["ports"]]
    assert ports == [53, 53, 5353, 5353, 7070]


def test_a_canary_gets_its_share_where_clients_are_chosen():
    chosen = {"podSelector": {"matchLabels": {"a": "b"}}}
    text = ("namespaces={a}", "networkPolicies.clients[0].podSelector.matchLabels.a=b")
    policy = named(render(*text), "NetworkPolicy", "plumbline-server")
    data = next(r for r in policy["spec"]["ingress"] if r["ports"] == [{"port": 8080}])
    assert data["from"] == [{"podSelector": policy["spec"]["podSelector"]}, chosen]
    without = named(render("namespaces={a}"), "NetworkPolicy", "plumbline-server")
    assert {"ports": [{"port": 8080}]} in without["spec"]["ingress"]


def test_only_the_operator_gives_orders_to_serving_pods():
    policy = named(render("namespaces={a}"), "NetworkPolicy", "plumbline-server")
    admin = next(r for r in policy["spec"]["ingress"] if r["ports"] == [{"port": 9090}])
    peers = [peer["podSelector"]["matchLabels"] for peer in admin["from"]]
    operator = {"app.kubernetes.io/name": "plumbline", "app.kubernetes.io/component": "operator"}
    assert peers == [operator]


def test_the_plain_manifests_are_the_chart_with_its_defaults():
    committed = REPOSITORY / "manifests/install.yaml"
    head = install.head(helm.HELM, REPOSITORY / "charts/plumbline")
    assert committed.read_text() == install.manifests(head)


@pytest.mark.parametrize("empty", ["[]", "null"])
def test_an_empty_list_of_addresses_opens_nothing(empty):
    elsewhere = ("store.enabled=false", "store.url=s3://bucket/{namespace}", "namespaces={a}")
    lists = (f"networkPolicies.{name}={empty}" for name in ("store", "sources", "training"))
    policies = [o for o in render(*elsewhere, *lists) if o["kind"] == "NetworkPolicy"]
    rules = [rule for policy in policies for rule in policy["spec"].get("egress", ())]
    assert rules
    assert [rule for rule in rules if not rule["to"]] == []


@pytest.mark.parametrize("name", ["cidrs", "ports"])
def test_a_list_that_is_taken_away_opens_nothing(name):
    policy = named(
        render(f"networkPolicies.apiServer.{name}=null"), "NetworkPolicy", "plumbline-operator"
    )
    assert policy["spec"]["egress"]
    for rule in policy["spec"]["egress"]:
        assert rule["to"]
        assert rule["ports"]


def test_addresses_everywhere_are_those_of_ipv6_too():
    policy = named(render("namespaces={a}"), "NetworkPolicy", "plumbline-profile")
    blocks = {peer["ipBlock"]["cidr"] for peer in policy["spec"]["egress"][0]["to"]}
    assert blocks == {"0.0.0.0/0", "::/0"}


@pytest.mark.parametrize("name", ["123", "no", "1e3"])
def test_a_namespace_whose_name_looks_like_another_type_stays_a_name(name):
    named_ = {o["metadata"].get("namespace") for o in render("namespaces={a}", namespace=name)}
    assert named_ == {None, name, "a"}


@pytest.mark.parametrize("gone", ["store.resources", "store.resources.limits"])
def test_limits_can_be_taken_away(gone):
    store = named(render("store.persistent=false", f"{gone}=null"), "Deployment", "plumbline-store")
    limits = _limits(store)
    assert limits == {"ephemeral-storage": "20Gi"}


def _limits(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]


def test_applying_the_plain_manifests_again_takes_no_namespace_away():
    text = (REPOSITORY / "manifests/install.yaml").read_text()
    settings = named([*yaml.safe_load_all(text)], "ConfigMap", "plumbline-settings")
    assert "PLUMBLINE_NAMESPACES" not in settings["data"]


def test_the_plain_manifests_hold_no_secret():
    kinds = {
        obj["kind"]
        for obj in yaml.safe_load_all((REPOSITORY / "manifests/install.yaml").read_text())
    }
    assert "Secret" not in kinds


def test_the_chart_needs_the_kubernetes_that_was_tested():
    with pytest.raises(Refused, match="incompatible with Kubernetes"):
        helm.helm("template", "x", PATH, "--kube-version", "1.32.0")
