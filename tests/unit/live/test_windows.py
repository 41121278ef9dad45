"""Live seconds become findings, and a restart of the operator is not an all-clear."""

import numpy as np
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.contract.control import Span
from plumbline.live.detector import DriftDetector
from plumbline.live.windows import BucketedCounts
from plumbline.stats.bins import ColumnBins
from plumbline.stats.count import count
from plumbline.stats.reference import number_bins

from tests.unit.live.wire import span

RNG = np.random.default_rng(0)


def bins() -> ColumnBins:
    found = number_bins("x", RNG.normal(size=20_000))
    assert found is not None
    return found


def monitor(**status: object) -> DriftMonitor:
    spec = {"deploymentRef": {"name": "m"}}
    found = {"metadata": {"name": "m", "namespace": "n"}, "spec": spec, "status": status}
    return DriftMonitor.model_validate(found)


def wire(counts: BucketedCounts, number: int, values: np.ndarray, **broken: int) -> Span:
    return span(number, len(values), count(counts.layout, {"x": values}), **broken)


def evaluate(
    detector: DriftDetector, numbers: range, *, shift: float = 0.0, **broken: int
) -> list[bool]:
    drifted = []
    for number in numbers:
        values = RNG.normal(shift, size=50)
        detector.counts.add([wire(detector.counts, number, values, **broken)])
        found = detector.evaluate(monitor(), through=number, lost=0)
        drifted.append(found.drifted)
    return drifted


def test_a_shift_alarms_within_seconds_and_not_before() -> None:
    detector = DriftDetector("model", BucketedCounts([bins().to_json()]))
    assert not any(evaluate(detector, range(1, 60)))
    assert any(evaluate(detector, range(60, 70), shift=1.5))


def test_the_parts_of_two_pods_count_like_the_whole_of_one() -> None:
    reference, values = bins().to_json(), RNG.normal(size=50)
    one, two = BucketedCounts([reference]), BucketedCounts([reference])
    one.add([wire(one, 7, values)])
    two.add([wire(two, 7, values[:20])])
    two.add([wire(two, 7, values[20:])])
    assert (one.by_second(7) == two.by_second(7)).all()
    assert one.rows(7, 64) == two.rows(7, 64) == 50


def test_sentinel_values_are_broken_data() -> None:
    detector = DriftDetector("model", BucketedCounts([bins().to_json()]))
    evaluate(detector, range(1, 4), x_Min=20)
    found = detector.evaluate(monitor(), through=3, lost=0)
    assert [(one.column, one.rule) for one in found.broken] == [("x", "Min")]


def test_an_operator_that_starts_again_does_not_take_its_first_look_for_the_all_clear() -> None:
    drifted = {"type": "Drifted", "status": "True", "reason": "DriftDetected"}
    stored = monitor(conditions=[drifted])
    detector = DriftDetector.resumed(stored, "model", BucketedCounts([bins().to_json()]))
    detector.counts.add([wire(detector.counts, 1, RNG.normal(size=50))])
    assert detector.evaluate(stored, through=1, lost=0).drifted
