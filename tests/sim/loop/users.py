"""What people do, in words that take a number to choose by."""

from collections.abc import Sequence
from typing import Any

from plumbline.api import names

from tests.sim.loop.choices import (
    DATASETS,
    MONITORS,
    OURS,
    ROLLOUTS,
    SELECTED,
    TEMPLATES,
    made,
    name_of,
    one_of,
)
from tests.sim.loop.world import World
from tests.unit.plan import builders

Object = dict[str, Any]


class Users:
    """People who write the five kinds."""

    world: World
    runs = 0

    def run(self, number: int) -> None:
        self.runs += 1
        self.world.add(builders.run(f"r{self.runs}", metadata={"labels": SELECTED}))

    def edit_dataset(self, number: int) -> None:
        self._edit("Dataset", "flights", DATASETS, number)

    def edit_template(self, number: int) -> None:
        self._edit("TrainingTemplate", "flights", TEMPLATES, number)

    def edit_serving(self, number: int) -> None:
        self._edit("ModelDeployment", "flights", ROLLOUTS, number)

    def edit_monitor(self, number: int) -> None:
        self._edit("DriftMonitor", "watch", MONITORS, number)

    def suspend(self, number: int) -> None:
        kind = one_of(("Dataset", "ModelDeployment", "DriftMonitor"), number)
        self._edit(kind, name_of(kind), ({"suspend": True}, {"suspend": False}), number // 3)

    def go_on(self, number: int) -> None:
        """Let somebody mend what people have done."""
        self.restore(number)
        for kind in ("Dataset", "ModelDeployment", "DriftMonitor"):
            self.world.edit(kind, name_of(kind), suspend=False)
        self.world.edit("TrainingTemplate", "flights", **made("TrainingTemplate")["spec"])
        self.edit_monitor(1)

    def delete(self, number: int) -> None:
        kind = one_of((*OURS, "TrainingRun", "TrainingRun"), number)
        found = self.world.names(kind)
        if found:
            self.world.delete(kind, one_of(found, number // 6))

    def restore(self, number: int) -> None:
        for kind in OURS:
            if self.world.find(kind, name_of(kind)) is None:
                self.world.add(made(kind))

    def refresh(self, number: int) -> None:
        self._annotate("Dataset", "flights", names.REFRESH_ANNOTATION, number)

    def retry(self, number: int) -> None:
        self._annotate("ModelDeployment", "flights", names.RETRY_ANNOTATION, number)

    def relabel(self, number: int) -> None:
        if runs := self.world.names("TrainingRun"):
            value = one_of(("flights", "other"), number)
            self.world.label(
                "TrainingRun", one_of(runs, number // 2), **{names.TEMPLATE_LABEL: value}
            )

    def _edit(self, kind: str, name: str, specs: Sequence[Object], number: int) -> None:
        if self.world.find(kind, name):
            self.world.edit(kind, name, **one_of(specs, number))

    def _annotate(self, kind: str, name: str, key: str, number: int) -> None:
        if self.world.find(kind, name):
            self.world.annotate(kind, name, key, one_of("xyz", number))
