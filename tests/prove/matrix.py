"""References and rows of all kinds, without and with a shift, of which the truth is known."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from plumbline.stats import drift
from plumbline.stats.bins import Counts, Layout
from plumbline.stats.count import count
from plumbline.stats.reference import number_bins

from tests.prove import streams
from tests.prove.scan import Scan, episodes

Floats = np.ndarray
COLUMNS = 30
ROWS: dict[str, streams.Stream] = {
    "iid": streams.independent,
    "AR(.9)": partial(streams.autocorrelated, memory=0.9),
    "AR(.99)": partial(streams.autocorrelated, memory=0.99),
    "blocks of 50": partial(streams.hourly, together=50),
    "blocks of 500": partial(streams.hourly, together=500),
    "rare spells": streams.rare,
    "heavy tails": lambda rng, rows: rng.standard_t(2, size=rows),
    "95 % zero": lambda rng, rows: np.where(rng.random(rows) < 0.95, 0, rng.exponential(size=rows)),
    "asked ten times": lambda rng, rows: np.repeat(rng.normal(size=rows // 10 + 1), 10)[:rows],
}
REFERENCES: dict[str, Callable[[np.random.Generator, Floats], Floats]] = {
    "ordered": lambda _, rows: rows,
    "sampled": lambda rng, rows: rows[np.sort(rng.choice(len(rows), len(rows) // 8, False))],
    "shuffled": lambda rng, rows: rng.permutation(rows),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One cell of the matrix."""

    rows: str
    reference: str
    size: int = 40_000
    rate: int = 50
    seconds: int = 1500
    monthly: float = 1.0
    tolerate: float = 0.1
    shift: float = 0.0
    before: int = 600

    @property
    def stated(self) -> float:
        """Return the episodes to expect in one column, at most."""
        return self.monthly * self.seconds / drift.SECONDS_A_MONTH

    def layout(self, rng: np.random.Generator) -> Layout:
        """Return what a reference of this kind teaches."""
        rows = ROWS[self.rows](rng, self.size)
        bins = number_bins("x", REFERENCES[self.reference](rng, rows))
        assert bins is not None
        return Layout([bins])

    def run(self, seed: int) -> tuple[int, float]:
        """Return the episodes without drift, and the rows until drift is found."""
        rng, make = np.random.default_rng([seed, 55]), ROWS[self.rows]
        layout = self.layout(rng)
        values = make(rng, self.seconds * self.rate)
        if self.shift:
            values[self.before * self.rate :] += self.shift
        alpha = drift.log_alpha(false_alarms_per_month=self.monthly, columns=COLUMNS)
        scan = Scan(layout, seconds(layout, values, self.rate))
        found = list(episodes(scan.alarms(log_alpha=alpha, tolerate=self.tolerate), self.seconds))
        opened = [begin for begin, _ in found]
        late = [begin - self.before for begin in opened if self.shift and begin > self.before]
        return len(opened) - len(late), min(late, default=np.inf) * self.rate


def seconds(layout: Layout, values: Floats, rate: int) -> Counts:
    """Return the counts of each second."""
    batches = (values[n : n + rate] for n in range(0, len(values), rate))
    return np.array([count(layout, {"x": batch}) for batch in batches])
