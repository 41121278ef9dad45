"""Reports as JSON. docs/cli.md describes each field; a change of a meaning raises the version."""

import json
import math
from collections.abc import Mapping
from typing import Any

from plumbline.cli.comparison import ColumnResult, Comparison
from plumbline.cli.tables import Table
from plumbline.stats.broken import Broken

VERSION = 1
DIGITS = 6


def comparison(found: Comparison) -> dict[str, Any]:
    """Return the report of two tables."""
    return {
        "kind": "DriftReport",
        "version": VERSION,
        "reference": _table(found.reference),
        "current": _table(found.current),
        "level": found.settings.level,
        "tolerate": found.settings.tolerate,
        "order": order(found),
        "columns": [_column(each, found.settings.tolerate) for each in found.columns],
        "drifted": list(found.drifted),
        "broken": [broken(each) for each in found.broken],
        "unknown": list(found.unknown),
        "leftOut": [{"name": name, "why": why} for name, why in found.left_out.items()],
    }


def order(found: Comparison) -> dict[str, str]:
    """Return what the rows of the reference are in order of."""
    if found.settings.independent:
        return {"by": "independent"}
    if found.settings.time is not None:
        return {"by": "time", "column": found.settings.time}
    return {"by": "file"}


def broken(found: Broken) -> dict[str, Any]:
    """Return a rule that is broken."""
    return {"column": found.column, "rule": found.rule, "rows": found.rows, "of": found.of}


def text(found: Mapping[str, Any]) -> str:
    """Return the JSON."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def rounded(value: float | None) -> float | None:
    """Return a number with few digits; JSON has neither infinity nor NaN."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")


def _table(found: Table) -> dict[str, Any]:
    bad = {name: int(each.sum()) for name, each in found.bad.items()}
    return {"name": found.name, "rows": found.frame.height, "otherType": bad}


def _column(found: ColumnResult, tolerate: float) -> dict[str, Any]:
    means = found.means and {"then": rounded(found.means[0]), "now": rounded(found.means[1])}
    return {
        "name": found.name,
        "kind": found.kind,
        "n": found.n,
        "window": found.window,
        "nulls": found.nulls,
        "unseen": found.unseen,
        "score": rounded(found.score),
        "threshold": tolerate,
        "p": rounded(found.p),
        "verdict": found.verdict,
        "drifted": found.verdict == "Drifted",
        "broken": [each.rule for each in found.broken],
        "likeness": found.likeness,
        "smallest": {"change": found.sight.change, "unit": found.sight.unit},
        "mean": means,
    }
