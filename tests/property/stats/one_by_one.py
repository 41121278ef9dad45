"""The statistics window by window, in plain Python: what the code for many windows must equal."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.broken import JUMP as NULL_JUMP
from plumbline.stats.broken import Broken, log_chance
from plumbline.stats.comparison import MIN_EXPECTED, NOVEL_CLUSTERS, NOVEL_ROWS, NOVEL_SHARE
from plumbline.stats.confirmation import MIN_ROWS
from plumbline.stats.drift import ColumnScore
from plumbline.stats.mixture import FAR, NEAR
from plumbline.stats.stuck import LASTING, NEWEST_SECONDS, POWER, Fullest, Suspicion
from plumbline.stats.windows import Windows

Floats = NDArray[np.float64]


class Comparison(NamedTuple):
    """How far counts are from a reference, over pooled cells."""

    pearson: float = 0.0
    likelihood: float = 0.0
    expected: float = 0.0
    df: int = 0
    psi: float = 0.0

    def statistic(self, phi: float) -> float:
        """Return the statistic, in units of the overdispersion phi, whose tail can be told."""
        full = self.expected >= MIN_EXPECTED * phi
        return (self.pearson if full else min(self.pearson, self.likelihood)) / phi


def compare(bins: ColumnBins, counts: Counts) -> Comparison:
    """Compare the counts of one column in one window with its reference."""
    reference = np.asarray(bins.counts, dtype=np.float64)
    live, reference = _pooled(bins, counts.astype(np.float64), reference)
    if len(live) < 2:
        return Comparison()
    n, m = live.sum(), reference.sum()
    smooth = 0.5
    p = (reference + smooth) / (m + smooth * len(reference))
    q = (live + smooth) / (n + smooth * len(live))
    expected = n * p
    both = n * (live + reference + smooth) / (n + m)
    variance = np.where(expected < 1, both, expected)
    return Comparison(
        pearson=_pearson(live, expected, variance),
        likelihood=_likelihood(live, expected, variance),
        expected=float(expected[expected >= 1].min(initial=n)),
        df=len(live) - 1,
        psi=float(((q - p) * np.log(q / p)).sum()),
    )


def _pearson(live: Floats, expected: Floats, variance: Floats) -> float:
    return float(((live - expected) ** 2 / variance).sum())


def _likelihood(live: Floats, expected: Floats, variance: Floats) -> float:
    """Return twice the log-likelihood ratio; what was hardly expected counts as by Pearson."""
    hardly = expected < 1
    held = np.maximum(live, np.finfo(float).tiny)
    terms = 2 * (live * np.log(held / expected) - live + expected)
    return float(terms[~hardly].sum()) + _pearson(live[hardly], expected[hardly], variance[hardly])


def _pooled(bins: ColumnBins, live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Pool the cells that expect too few rows; a cell of novelties stands alone once it is full."""
    rows, total = live.sum(), reference.sum()
    both = min(1.0, rows / total)
    small = both * reference < MIN_EXPECTED
    clusters = NOVEL_CLUSTERS * (overdispersion(bins, int(rows)) - 1)
    enough = max(NOVEL_ROWS, NOVEL_SHARE * rows, clusters)
    alone = [cell for cell in bins.novel if live[cell] >= enough and small[cell]]
    small[alone] = False
    live = np.append(live[~small], live[small].sum())
    reference = np.append(reference[~small], reference[small].sum())
    if both * reference[-1] >= MIN_EXPECTED or len(live) < 2:
        return live, reference
    return _merge_last(live, reference)


def _merge_last(live: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Merge the last cell into the smallest other one of the reference."""
    into = int(np.argmin(reference[:-1]))
    merged_live, merged_reference = live[:-1].copy(), reference[:-1].copy()
    merged_live[into] += live[-1]
    merged_reference[into] += reference[-1]
    return merged_live, merged_reference


def overdispersion(bins: ColumnBins, rows: int) -> float:
    """Return the overdispersion of a window of so many rows."""
    if not bins.overdispersion:
        return 1.0
    sizes = [size for size, _, _ in bins.overdispersion]
    values = [value for _, value, _ in bins.overdispersion]
    if rows > sizes[-1]:
        return values[-1] * (rows / sizes[-1]) ** _growth(values)
    return float(np.interp(math.log(max(rows, 1)), np.log(sizes), values))


def _growth(values: list[float]) -> float:
    """Return the power of its size with which the overdispersion grows."""
    if values[-1] <= 1.5 * (values[0] if len(values) > 1 else 1.0):
        return 0.0
    return 1.0 if len(values) < 3 else min(1.0, math.log2(values[-1] / values[-3]) / 2)


def evenness(bins: ColumnBins, rows: int) -> float:
    """Return how evenly the chi-square of a window is spread over its degrees of freedom."""
    if not bins.overdispersion:
        return 1.0
    sizes = [math.log(size) for size, _, _ in bins.overdispersion]
    shares = [share for _, _, share in bins.overdispersion]
    return float(np.interp(math.log(max(rows, 1)), sizes, shares))


def log_survival(x: float, df: int, share: float = 1.0) -> float:
    """Return log P(X >= x) for a sum X of `df` weighted squares, of mean `df`."""
    if df < 1 or math.isnan(x):
        raise ValueError(f"a weighted chi-square needs df > 0 and a number, got df={df}, x={x}")
    if x <= 0 or math.isinf(x):
        return 0.0 if x <= 0 else -math.inf
    if abs(x - df) < NEAR * df:  # where both w and u vanish
        x = df * (1 + NEAR)
    return _log_normal_tail(_r_star(x, df - 1, *weights(df, share)))


def weights(df: int, share: float) -> tuple[float, float]:
    """Return the largest weight, and that of each other square; their mean is one."""
    if df == 1 or share >= 1:
        return 1.0, 1.0
    spread = min(1 / share - 1, df - 1)
    return 1 + math.sqrt(spread * (df - 1)), 1 - math.sqrt(spread / (df - 1))


def _r_star(x: float, others: int, top: float, rest: float) -> float:
    """Return the standard normal value that is exceeded as seldom as x."""
    t = _saddlepoint(x, others, top, rest)
    first, second = 1 - 2 * t * top, 1 - 2 * t * rest
    cumulant = -0.5 * (math.log(first) + others * math.log(second))
    curvature = 2 * ((top / first) ** 2 + others * (rest / second) ** 2)
    w = math.copysign(math.sqrt(2 * (t * x - cumulant)), t)
    u = t * math.sqrt(curvature)
    return w + math.log(u / w) / w


def _saddlepoint(x: float, others: int, top: float, rest: float) -> float:
    """Return where the cumulant generating function has the slope x: the root nearer to zero."""
    a = 4 * top * rest * x
    b = 2 * top * rest * (1 + others) - 2 * x * (top + rest)
    c = x - top - others * rest
    return 2 * c / (math.sqrt(b * b - 4 * a * c) - b)


def _log_normal_tail(z: float) -> float:
    if z < FAR:
        return math.log(0.5 * math.erfc(z / math.sqrt(2)))
    return -z * z / 2 - math.log(z * math.sqrt(2 * math.pi))


def score_window(
    bins: ColumnBins, counts: Counts, *, seconds: int, log_alpha: float, tolerate: float
) -> ColumnScore:
    """Evaluate the counts of one column in one window; an alarm is only suspicious."""
    rows = int(counts.sum())
    found = compare(bins, counts)
    df, psi = found.df, found.psi
    # The reference is a sample too: its own error is that of a window of its size.
    phi = overdispersion(bins, rows) + rows / bins.rows * overdispersion(bins, bins.rows)
    floor = df * phi / rows
    log_p = log_survival(found.statistic(phi), df, evenness(bins, rows)) if df else 0.0
    score = max(0.0, psi - floor)
    # An effect that sampling alone could make is none.
    relevant = psi > tolerate + df * (1 / rows + 1 / bins.rows)
    return ColumnScore(
        name=bins.name,
        score=float(score),
        threshold=tolerate,
        log10_p=log_p / math.log(10),
        rows=rows,
        seconds=seconds,
        alarm=bool(df and log_p < log_alpha and relevant),
    )


def scores(
    layout: Layout, windows: Windows, *, log_alpha: float, tolerate: float
) -> dict[tuple[str, int], ColumnScore]:
    """Evaluate every column on every window, by column and length."""
    return {
        (column.name, seconds): score_window(
            column,
            sums[layout.slices[column.name]],
            seconds=seconds,
            log_alpha=log_alpha,
            tolerate=tolerate,
        )
        for seconds, sums in zip(*windows, strict=True)
        for column in layout.columns
        if sums[layout.slices[column.name]].sum() >= MIN_ROWS
    }


def null_jumps(layout: Layout, windows: Windows, *, log_alpha: float) -> list[Broken]:
    """Return the columns whose missing values jump in one of the last 1, 2, 4, ... seconds."""
    found: dict[str, Broken] = {}
    for sums in windows.sums:
        for column in layout.columns:
            cells = sums[layout.slices[column.name]]
            rows, nulls = int(cells.sum()), int(cells[-1])
            enough = nulls and rows >= MIN_ROWS
            if enough and _jumps(column, nulls=nulls, rows=rows, log_alpha=log_alpha):
                found[column.name] = Broken(
                    column=column.name, rule="NullJump", rows=nulls, of=rows
                )
    return list(found.values())


def _jumps(bins: ColumnBins, *, nulls: int, rows: int, log_alpha: float) -> bool:
    usual, log_p = log_chance(bins.null_spike, share=nulls / rows, rows=rows)
    return nulls / rows > usual + NULL_JUMP and log_p < log_alpha


def suspicions(layout: Layout, windows: Windows) -> list[Suspicion]:
    """Return where in the last 1, 2, 4, ... seconds a value is suspected of being stuck."""
    sums, found = list(zip(*windows, strict=True)), []
    for column in layout.columns:
        if column.value_spike:
            fullest = [_fullest(layout, column, scale, counts) for scale, counts in sums]
            found += _suspicious(column, fullest)
    return found


def _suspicious(column: ColumnBins, fullest: list[Fullest]) -> list[Suspicion]:
    enough, power = [each for each in fullest if each.of >= MIN_ROWS], POWER[column.kind]
    newest = next((each for each in enough if each.seconds >= NEWEST_SECONDS), None)
    found = []
    for each in enough:
        usual, log_p = log_chance(column.value_spike, share=each.share, rows=each.of)
        held = Suspicion(
            column=column.name, rows=each.rows, of=each.of, usual=usual, log_p=log_p, power=power
        )
        if held.suspect and not _is_over(each, newest):
            found.append(held)
    return found


def _is_over(window: Fullest, newest: Fullest | None) -> bool:
    if newest is None or newest.seconds >= window.seconds:
        return False
    return newest.share < LASTING * window.share


def _fullest(layout: Layout, column: ColumnBins, seconds: int, sums: Counts) -> Fullest:
    if column.kind == "number":
        values = sums[layout.values[column.name]]
        return Fullest(seconds, int(values.max()), int(values.sum()))
    cells = sums[layout.slices[column.name]]
    return Fullest(seconds, int(cells[: column.single].max()), int(cells[:-1].sum()))
