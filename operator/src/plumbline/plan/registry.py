"""The list of our kinds, and the resources that are watched for them."""

from collections.abc import Iterator
from typing import Any

from plumbline.api.objects import Resource
from plumbline.api.resources import CHILD_BY_KIND
from plumbline.plan.dataset import kind as dataset
from plumbline.plan.drift_monitor import kind as drift_monitor
from plumbline.plan.kind import Kind
from plumbline.plan.model_deployment import kind as model_deployment
from plumbline.plan.training import kind as training

KINDS: tuple[Kind[Any], ...] = (
    dataset.KIND,
    training.TEMPLATE,
    training.RUN,
    model_deployment.KIND,
    drift_monitor.KIND,
)

OURS = tuple(kind.resource for kind in KINDS)


def _others() -> Iterator[Resource]:
    """Yield the resources that kinds own, and those that they read and that are not ours."""
    for kind in KINDS:
        yield from (owns.resource for owns in kind.owns)
        yield from (reads.resource for reads in kind.reads if reads.resource not in OURS)


OTHERS = tuple(dict.fromkeys(_others()))
"""The other resources that are watched: children of our kinds, and what plans only read."""

BY_KIND = CHILD_BY_KIND | {(each.api_version, each.kind): each for each in OURS}
"""Resources by the apiVersion and kind of an object."""
