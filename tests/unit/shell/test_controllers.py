"""What an object says when something that its plan needs cannot be had."""

from typing import Any, cast

import pytest
from plumbline.api.objects import Key, Manifest
from plumbline.api.plan import Plan
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.engine.cache import Cache
from plumbline.engine.effects import Effects
from plumbline.shell.controllers import Controller, Reconciler
from plumbline.store import Unreachable

KEY = Key(TRAINING_RUN, "team", "first")
SAID = "Cannot read manifest 12 at s3://team at http://store:7070: cannot connect."


class Told:
    """Takes the statuses that are to be stored."""

    def __init__(self) -> None:
        self.statuses: list[Manifest] = []

    async def set_status(self, key: Key, status: Manifest) -> int:
        self.statuses.append(status)
        return 1


async def fails(_: Key) -> Any:
    raise Unreachable(SAID)


async def test_a_store_that_does_not_answer_the_operator_is_said_on_the_object() -> None:
    cache, told = Cache(), Told()
    metadata = {"name": "first", "namespace": "team", "uid": "u", "generation": 2}
    training = {"type": "Ready", "status": "False", "reason": "Training", "message": "under way"}
    status = {"conditions": [training], "training": "sha256:34", "observedGeneration": 1}
    cache.observe(KEY, {"metadata": {**metadata, "resourceVersion": "7"}, "status": status})
    by_kind = {TRAINING_RUN: Controller(fails, lambda _: Plan())}
    reconciler = Reconciler(cache=cache, effects=cast(Effects, told), by_kind=by_kind)
    with pytest.raises(Unreachable):
        await reconciler.reconcile(KEY)
    found = {each["type"]: each for each in told.statuses[0]["conditions"]}
    assert {name: (each["status"], each["reason"]) for name, each in found.items()} == {
        "Ready": ("False", "StoreUnreachable"),
        "Reconciling": ("True", "StoreUnreachable"),
    }
    assert "s3://team" in found["Ready"]["message"]
    assert "continues when the store answers" in found["Ready"]["message"]
    assert told.statuses[0]["training"] == "sha256:34", "what is known is kept"
    assert told.statuses[0]["observedGeneration"] == 1, "its newest spec has not been looked at"
