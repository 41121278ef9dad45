"""The report of two tables as one page that needs no other file, with histograms then and now."""

from collections.abc import Iterator
from html import escape

from plumbline.cli import report_text
from plumbline.cli.comparison import ColumnResult, Comparison
from plumbline.cli.histograms import Histogram, histogram

_WIDTH, _HEIGHT, _GAP = 420, 120, 0.2
_STYLE = """
:root { color-scheme: light dark; --then: #8796a8; --now: #d9822b; --bad: #c23b3b; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1rem; margin: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line); }
th:nth-child(-n+2), td:nth-child(-n+2), th:last-child, td:last-child { text-align: left; }
td:first-child { overflow-wrap: anywhere; } .scroll { overflow-x: auto; }
.Drifted, .Broken { color: var(--bad); font-weight: 600; }
.columns { display: grid; gap: 1.5rem; margin-top: 2rem; }
.columns { grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; } figcaption { font-size: .85rem; } svg { width: 100%; height: auto; }
.then { fill: var(--then); } .now { fill: var(--now); } svg line { stroke: var(--line); }
.key span { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
"""


def comparison(found: Comparison) -> str:
    """Return the page."""
    title = f"Drift of {found.current.name} against {found.reference.name}"
    figures = "\n".join(_figure(found, each) for each in found.columns)
    said = "\n".join(f"<p>{escape(each)}</p>" for each in report_text.sentences(found))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{said}
<div class="scroll"><table>
{"".join(_lines(found))}
</table></div>
<p class="key"><span style="background: var(--then)"></span>then: {_rows(found, "reference")}
<span style="background: var(--now)"></span>now: {_rows(found, "current")}</p>
<div class="columns">
{figures}
</div>
</body>
</html>
"""


def _rows(found: Comparison, side: str) -> str:
    table = getattr(found, side)
    return f"{escape(table.name)}, {table.frame.height} rows"


def _lines(found: Comparison) -> Iterator[str]:
    header, *rows = report_text.rows(found)
    names = "".join(f"<th>{escape(each.lower())}</th>" for each in header)
    yield f"<thead><tr>{names}</tr></thead>\n"
    yield "<tbody>\n"
    for row, column in zip(rows, found.columns, strict=True):
        cells = "".join(f"<td>{escape(each)}</td>" for each in row[:-1])
        yield f'<tr>{cells}<td class="{column.verdict}">{column.verdict}</td></tr>\n'
    yield "</tbody>"


def _figure(found: Comparison, column: ColumnResult) -> str:
    drawn = histogram(found, column)
    labels = drawn.labels[:-1]
    shown = f"{labels[0]} … {labels[-1]}" if column.kind == "number" else ", ".join(labels)
    score = "" if column.score is None else f", score {column.score:.3f}"
    return f"""<figure>
<h2>{escape(column.name)} <span class="{column.verdict}">{column.verdict}</span></h2>
{_svg(drawn, column.name)}
<figcaption>{escape(shown)}{score}, sees {escape(report_text.sees(column.sight))}</figcaption>
</figure>"""


def _svg(drawn: Histogram, name: str) -> str:
    top = max((*drawn.then, *drawn.now), default=0) or 1.0
    width = _WIDTH / len(drawn.labels)
    bars = []
    for place, (label, then, now) in enumerate(zip(*drawn, strict=True)):
        half, left = width * (1 - _GAP) / 2, place * width
        title = f"{escape(label)}: {then:.2%} then, {now:.2%} now"
        both = _bar("then", left, half, then / top) + _bar("now", left + half, half, now / top)
        bars.append(f"<g><title>{title}</title>{both}</g>")
    base = f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 1}" role="img" '
        f'aria-label="Histogram of {escape(name)}">{"".join(bars)}{base}</svg>'
    )


def _bar(kind: str, left: float, width: float, share: float) -> str:
    height = share * _HEIGHT
    box = f'x="{left:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {box}/>'
