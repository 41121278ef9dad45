"""The serving pod: `fetch` reads the model from the store, `server` has no access to the store."""

from collections.abc import Mapping

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT, Served
from plumbline.contract import layout
from plumbline.plan.common.settings import Settings
from plumbline.plan.specs import pod, steps

COMPONENT = layout.SERVER
MODEL_SIZE = "2Gi"
GRACE_SECONDS = 30
STARTUP_SECONDS = 120
FETCH_RESOURCES = pod.resources(
    cpu="50m", memory="128Mi", memory_limit="512Mi", disk="64Mi", disk_limit="2Gi"
)


def pod_spec(
    deployment: ModelDeployment,
    served: Served,
    *,
    settings: Settings,
    spread_by: Mapping[str, str],
) -> Manifest:
    """Return the pod; pods with the labels `spread_by` prefer different nodes."""
    return pod.pod(
        init=[_fetch(deployment, served, settings)],
        containers=[_server(deployment, served, settings)],
        volumes=[pod.scratch("model", MODEL_SIZE), pod.scratch("tmp", "256Mi")],
        grace_seconds=GRACE_SECONDS,
        overrides={"topologySpreadConstraints": [_spread_over_nodes(spread_by)]},
    )


def _spread_over_nodes(labels: Mapping[str, str]) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        # On a small cluster two pods on one node are better than one pod that is pending.
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(labels)},
    }


def _fetch(deployment: ModelDeployment, served: Served, settings: Settings) -> Manifest:
    url = settings.store_url_of(deployment.metadata.namespace)
    environment = {
        **_log_environment(deployment, served, settings),
        **settings.store_environment,
        layout.STORE_URL_VARIABLE: url,
        layout.MANIFEST_VARIABLE: served.manifest,
    }
    return pod.container(
        layout.FETCH,
        image=served.image,
        pull_policy=settings.image_pull_policy,
        command=["python", "-m", "plumbline.serving"],
        args=[layout.FETCH],
        env=pod.variables({"HOME": layout.TMP, **environment}),
        env_from=steps.store_credentials(),
        mounts=[pod.mount("model", layout.MODEL), pod.mount("tmp", layout.TMP)],
        resources=FETCH_RESOURCES,
    )


def _server(deployment: ModelDeployment, served: Served, settings: Settings) -> Manifest:
    environment = {
        "HOME": layout.TMP,
        **_log_environment(deployment, served, settings),
        layout.IDENTITY_VARIABLE: served.identity,
        layout.DRAIN_VARIABLE: str(layout.DRAIN_SECONDS),
    }
    container = pod.container(
        COMPONENT,
        image=served.image,
        pull_policy=settings.image_pull_policy,
        command=["python", "-m", "plumbline.serving"],
        args=_arguments(deployment.metadata.name),
        env=pod.variables(environment),
        mounts=[pod.mount("model", layout.MODEL, read_only=True), pod.mount("tmp", layout.TMP)],
        resources=pod.requirements(deployment.spec.server.resources),
    )
    return {**container, "ports": _ports(), **_probes()}


def _log_environment(
    deployment: ModelDeployment, served: Served, settings: Settings
) -> dict[str, str]:
    """Return the log settings. The generation is not in them, since it changes while a pod runs."""
    about = deployment.metadata
    object_ = f"kind={MODEL_DEPLOYMENT.kind},namespace={about.namespace},name={about.name}"
    return {
        **settings.log_environment,
        layout.LOG_BOUND_VARIABLE: f"{object_},identity={served.identity}",
    }


def _arguments(name: str) -> list[str]:
    ports = ["--port", str(layout.DATA_PORT), "--admin-port", str(layout.ADMIN_PORT)]
    return [layout.SERVE, "--model", layout.MODEL, "--name", name, *ports]


def _ports() -> list[Manifest]:
    return [
        {"name": layout.HTTP, "containerPort": layout.DATA_PORT, "protocol": "TCP"},
        {"name": layout.ADMIN, "containerPort": layout.ADMIN_PORT, "protocol": "TCP"},
    ]


def _probes() -> dict[str, Manifest]:
    """Return probes that mark the pod ready within seconds, and restart it only after a minute."""
    return {
        "startupProbe": _probe("/livez", period=1, timeout=2, failures=STARTUP_SECONDS),
        "readinessProbe": _probe("/readyz", period=2, timeout=2, failures=2),
        "livenessProbe": _probe("/livez", period=10, timeout=5, failures=6),
    }


def _probe(path: str, *, period: int, timeout: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": layout.ADMIN},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
