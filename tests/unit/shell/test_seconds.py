"""Live seconds become findings, and a restart of the operator is not an all-clear."""

import numpy as np
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.live.detector import Watcher
from plumbline.live.windows import Seconds
from plumbline.stats.bins import ColumnBins
from plumbline.stats.count import count
from plumbline.stats.reference import number_bins

RNG = np.random.default_rng(0)


def bins() -> ColumnBins:
    found = number_bins("x", RNG.normal(size=20_000))
    assert found is not None
    return found


def monitor(**status: object) -> DriftMonitor:
    spec = {"deploymentRef": {"name": "m"}}
    found = {"metadata": {"name": "m", "namespace": "n"}, "spec": spec, "status": status}
    return DriftMonitor.model_validate(found)


def wire(seconds: Seconds, number: int, values: np.ndarray, **broken: int) -> dict[str, object]:
    cells = count(seconds.layout, {"x": values})
    places = np.flatnonzero(cells)
    rules = {name.replace("_", "/"): rows for name, rows in broken.items()}
    return {
        "e": number,
        "rows": len(values),
        "i": places.tolist(),
        "c": cells[places].tolist(),
        "v": rules,
    }


def look(watcher: Watcher, numbers: range, *, shift: float = 0.0, **broken: int) -> list[bool]:
    drifted = []
    for number in numbers:
        values = RNG.normal(shift, size=50)
        watcher.seconds.add([wire(watcher.seconds, number, values, **broken)])
        found = watcher.look(monitor(), through=number, lost=0)
        drifted.append(found.drifted)
    return drifted


def test_a_shift_alarms_within_seconds_and_not_before() -> None:
    watcher = Watcher("model", Seconds([bins().to_json()]))
    assert not any(look(watcher, range(1, 60)))
    assert any(look(watcher, range(60, 70), shift=1.5))


def test_the_parts_of_two_pods_count_like_the_whole_of_one() -> None:
    reference, values = bins().to_json(), RNG.normal(size=50)
    one, two = Seconds([reference]), Seconds([reference])
    one.add([wire(one, 7, values)])
    two.add([wire(two, 7, values[:20])])
    two.add([wire(two, 7, values[20:])])
    assert (one.counts(7) == two.counts(7)).all()
    assert one.rows(7, 64) == two.rows(7, 64) == 50


def test_sentinel_values_are_broken_data() -> None:
    watcher = Watcher("model", Seconds([bins().to_json()]))
    look(watcher, range(1, 4), x_Min=20)
    found = watcher.look(monitor(), through=3, lost=0)
    assert [(one.column, one.rule) for one in found.broken] == [("x", "Min")]


def test_an_operator_that_starts_again_does_not_take_its_first_look_for_the_all_clear() -> None:
    drifted = {"type": "Drifted", "status": "True", "reason": "DriftDetected"}
    stored = monitor(conditions=[drifted])
    watcher = Watcher.resumed(stored, "model", Seconds([bins().to_json()]))
    watcher.seconds.add([wire(watcher.seconds, 1, RNG.normal(size=50))])
    assert watcher.look(stored, through=1, lost=0).drifted
