"""What serving pods have counted, and what an evaluation of their rows has found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plumbline.contract.control import Arm

__all__ = [
    "Arm",
    "Assessment",
    "BrokenFinding",
    "ColumnFinding",
    "PodProblem",
    "Traffic",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodProblem:
    """A serving pod whose counts cannot be read.

    Attributes:
        pod: its name.
        identity: what it serves.
        image: of its server; servers of other releases than the operator's are normal.
        message: what is wrong with its reply.
    """

    pod: str
    identity: str
    image: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the serving pods have counted, summed over pods.

    Attributes:
        arms: by routing token `<identity>/<step>`: the stable and the canary arm.
        routed: tokens that every ready stable pod has taken over.
        unreadable: pods that are in none of these counts, by name.
    """

    arms: Mapping[str, tuple[Arm, Arm]] = field(default_factory=dict)
    latency_bounds: tuple[float, ...] = ()
    routed: frozenset[str] = frozenset()
    unreadable: tuple[PodProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFinding:
    """How far one column has moved, after the calibrated test."""

    name: str
    score: float
    threshold: float
    log10_p: float
    rows: int
    alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFinding:
    """A rule of the declared schema that live rows break significantly."""

    column: str
    rule: str
    rows: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The newest evaluation of live traffic, after hysteresis.

    Attributes:
        model: digest of the model whose reference was compared with.
        drifted: whether the drift alarm stands.
        findings: columns, worst first.
        broken: rules that live rows break; not empty means that the data is broken.
        recovered: columns that were broken, and the last second of the epoch at which they were.
        window_rows: rows in the largest window.
        rows_lost: rows that no evaluation saw: a killed pod's since its last pull, and late ones.
        unknown: columns that are to be watched and that the model does not count.
    """

    model: str
    drifted: bool = False
    findings: tuple[ColumnFinding, ...] = ()
    broken: tuple[BrokenFinding, ...] = ()
    recovered: tuple[tuple[str, int], ...] = ()
    window_rows: int = 0
    rows_lost: int = 0
    unknown: tuple[str, ...] = ()
