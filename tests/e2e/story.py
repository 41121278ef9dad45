"""The story that most tests tell: data, a model that serves, new data, a canary."""

from tests.e2e import objects
from tests.e2e.cluster import Object, is_ready, kubectl, until
from tests.e2e.conftest import Model, Names

MIN_REQUESTS = 30
"""Requests that a canary needs of each arm, unless a test says otherwise."""


def begun(names: Names, name: str, *, requests: int = MIN_REQUESTS) -> Model:
    """Make the data, the template, a first run and what serves it.

    Args:
        names: who removes it all.
        name: the name of everything.
        requests: how many a canary needs of each arm.
    """
    template = {"datasetRef": {"name": name}, "trainer": objects.LOGISTIC}
    chosen = {"selector": {"matchLabels": {"plumbline.dev/template": name}}}
    names.apply(
        objects.config_map(name, objects.csv()),
        objects.dataset(name, objects.in_config_map(name)),
        objects.made("TrainingTemplate", name, template),
        objects.made("ModelDeployment", name, {"model": chosen, "rollout": patient(requests)}),
    )
    until("dataset", name, is_ready)
    run = trained(names, name, 1)
    until("modeldeployment", name, lambda d: is_ready(d) and serves(d, run))
    return Model(data=name, run=run, name=name)


def trained(names: Names, name: str, number: int) -> str:
    """Start a run and return its name when it has been judged."""
    run, labels = f"{name}-{number}", {"plumbline.dev/template": name}
    spec = {"templateRef": {"name": name}}
    names.apply(objects.made("TrainingRun", run, spec, labels=labels))
    until("trainingrun", run, is_ready, seconds=150)
    return run


def refreshed(names: Names, name: str) -> None:
    """Edit the data and ask for a new revision."""
    names.apply(objects.config_map(name, objects.csv(seed=2)))
    kubectl("annotate", "dataset", name, "plumbline.dev/refresh=again")
    until("dataset", name, lambda d: d["status"].get("revision") == 2)


def serves(deployment: Object, run: str) -> bool:
    """Tell whether all traffic goes to the model of this run."""
    status = deployment["status"]
    return (status.get("stable") or {}).get("run") == run and not status.get("canary")


def tries(deployment: Object, run: str) -> bool:
    """Tell whether the model of this run is a canary."""
    return (deployment["status"].get("canary") or {}).get("run") == run


def patient(requests: int) -> Object:
    """Return a rollout that ends well on any machine, after so many requests of each arm."""
    analysis = {"minRequests": requests, "maxErrorRate": 0.05, "maxLatencyRatio": 10}
    return {"steps": [{"weight": 50}], "analysis": analysis}
