"""The counts of serving pods, and the result of an evaluation of their rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plumbline.contract.control import Arm, Arms
from plumbline.stats.predictions import Predictions

__all__ = [
    "Arm",
    "Arms",
    "Assessment",
    "BrokenFinding",
    "ColumnFinding",
    "PodProblem",
    "SuspectFinding",
    "Traffic",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodProblem:
    """A serving pod whose counts cannot be read.

    Attributes:
        pod: its name.
        identity: the identity that it serves.
        image: of its server, which may be of another release than the operator.
        message: what is wrong with its reply.
    """

    pod: str
    identity: str
    image: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The counts of the serving pods, summed over pods.

    Attributes:
        arms: the counts of stable model and canary, by `measure.routing_id`.
        latency_bounds: upper bounds of the latency buckets in seconds.
        routed: ids of the routings that every ready pod of an identity follows.
        unreadable: pods that are not in these counts, sorted by name.
        predictions: predictions since the newest step of a rollout began, by identity, if they can
            be compared.
    """

    arms: Mapping[str, Arms] = field(default_factory=dict)
    latency_bounds: tuple[float, ...] = ()
    routed: frozenset[str] = frozenset()
    unreadable: tuple[PodProblem, ...] = ()
    predictions: Mapping[str, Predictions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFinding:
    """How much one column differs from the reference, by the calibrated test.

    Attributes:
        score: population stability index minus its noise floor.
        threshold: score above which the difference is relevant.
        log10_p: logarithm to base 10 of the probability of such a difference without drift.
        rows: live rows that were compared.
        alarm: whether the difference is significant and relevant.
    """

    name: str
    score: float
    threshold: float
    log10_p: float
    rows: int
    alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFinding:
    """A rule that live rows break significantly: `rows` break it, of the `of` rows checked."""

    column: str
    rule: str
    rows: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectFinding:
    """A change of a column that is probably a fault: `rows` show it, of the `of` rows checked.

    Attributes:
        rule: what it looks like, see `stats.suspect`.
        saw: what was seen, for people.
    """

    column: str
    rule: str
    saw: str
    rows: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The result of the newest evaluation of live traffic, after hysteresis.

    Attributes:
        model: digest of the model whose reference was used.
        drifted: whether the drift alarm is on.
        findings: columns, worst first.
        broken: rules that live rows break; the data is broken if there are any.
        suspects: changes that are probably faults.
        is_learning: whether the live rows do not show yet how alike they are, so that drift could
            not be found in some column.
        recovered: columns that were broken, and the last second at which they were (Unix time).
        window_rows: rows in the largest window.
        rows_lost: rows in no evaluation: those of killed pods since their last pull, and late ones.
        unknown: columns in spec.columns that the model does not count.
    """

    model: str
    drifted: bool = False
    findings: tuple[ColumnFinding, ...] = ()
    broken: tuple[BrokenFinding, ...] = ()
    suspects: tuple[SuspectFinding, ...] = ()
    is_learning: bool = False
    recovered: tuple[tuple[str, int], ...] = ()
    window_rows: int = 0
    rows_lost: int = 0
    unknown: tuple[str, ...] = ()
