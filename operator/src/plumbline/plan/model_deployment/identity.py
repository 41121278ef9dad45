"""What one rollout is about: a model in a server, known by a short hash of everything that answers.

The image of a model that already runs, or was tried, is the one it was recorded with. So another
default image of a new operator release is taken up by the next model, and restarts nothing.
"""

from plumbline.api import names
from plumbline.api.v1alpha1 import ModelDeployment, TrainingRun
from plumbline.api.v1alpha1.model_deployment import Canary, Rejected, Served
from plumbline.plan.common import canonical

IDENTITY_LENGTH = 10
REJECTED_LIMIT = 10


def of_run(run: TrainingRun, deployment: ModelDeployment, *, default_image: str) -> Served:
    """Return a judged run as this deployment would serve it now.

    Raises:
        ValueError: the run has no model.
    """
    model, data = run.status.model, run.status.dataset
    if model is None:
        raise ValueError(f"run {run.metadata.name} has no model")
    name = run.metadata.name
    found = Served(
        identity="",
        model=model.digest,
        manifest=model.manifest,
        run=name,
        image=_recorded_image(deployment, model=model.digest, run=name) or default_image,
        revision=data.revision if data else 0,
    )
    return with_server(found, deployment)


def with_server(served: Served, deployment: ModelDeployment) -> Served:
    """Return what serves or is under way, in the server that the spec asks for now."""
    wanted = deployment.spec.server
    image = wanted.image or served.image
    settings = wanted.resources.model_dump(mode="json", by_alias=True)
    parts = {"model": served.model, "image": image, "server": settings}
    identity = canonical.short(parts, length=IDENTITY_LENGTH)
    known = served.model_dump(exclude={"identity", "image", "since"})
    return Served.model_validate({**known, "identity": identity, "image": image})


def retry_of(deployment: ModelDeployment) -> str:
    """Return the value with which somebody asks to try again what was rejected."""
    return deployment.metadata.annotations.get(names.RETRY_ANNOTATION, "")[:253]


def rejection(deployment: ModelDeployment, identity: str) -> Rejected | None:
    """Return why an identity is not tried again, or None when it may be."""
    return next((each for each in _standing(deployment) if each.identity == identity), None)


def may_be_forgotten(deployment: ModelDeployment, run: TrainingRun) -> bool:
    """Tell whether a run may have been rolled back so long ago that nobody remembers it.

    What is remembered is bounded. When it is full, a run that ended before the oldest of it and is
    not named in it counts as rolled back: else bad models would be tried in turns, for ever.
    """
    standing = _standing(deployment)
    if len(standing) < REJECTED_LIMIT or run.metadata.name in {each.run for each in standing}:
        return False
    ended, oldest = run.status.completion_time, standing[-1].time
    return ended is not None and oldest is not None and ended <= oldest


def _standing(deployment: ModelDeployment) -> list[Rejected]:
    asked = retry_of(deployment)
    return [each for each in deployment.status.rejected if each.retry == asked]


def _recorded_image(deployment: ModelDeployment, *, model: str, run: str) -> str:
    """Return the image that a model runs with or was rejected with, if any."""
    status = deployment.status
    for served in (status.stable, status.canary):
        if served and served.model == model:
            return served.image
    return next((each.image for each in _standing(deployment) if each.run == run), "")


def as_served(canary: Canary) -> Served:
    """Return the model of a canary without the course of its rollout."""
    return Served.model_validate({name: getattr(canary, name) for name in Served.model_fields})
