"""The gates of a run: each limit on a metric, and the comparison with the champion."""

import math
from dataclasses import dataclass, replace

from plumbline.api.meta import Gate
from plumbline.api.metrics import METRICS
from plumbline.api.v1alpha1.training_run import ChampionGate, Gates
from plumbline.contract.model_manifest import Measured
from plumbline.contract.tasks import Champion
from plumbline.jobs.judging.predictions import Predictions
from plumbline.jobs.judging.scores import Sample, compared, measure
from plumbline.stats.gates import (
    CONFIDENCE,
    Verdict,
    VerdictName,
    judge_champion,
    judge_metric,
    paid,
    worst,
)
from plumbline.stats.intervals import Interval
from plumbline.stats.text import MOST


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts of all gates.

    Attributes:
        gates: one verdict for each gate.
        better: by how much the model is better than the champion; None if it was not measured.
    """

    gates: tuple[Verdict, ...]
    better: Interval | None = None

    @property
    def verdict(self) -> VerdictName:
        """The worst verdict of all gates; a run without gates passes."""
        return worst([gate.verdict for gate in self.gates])

    @property
    def message(self) -> str:
        """The messages of the gates that decide the verdict; empty when all passed."""
        deciding = [gate for gate in self.gates if gate.verdict == self.verdict]
        told = " ".join(f"{gate.message.rstrip('. ')}." for gate in deciding)
        return "" if self.verdict == "Passed" else told


def judge(
    gates: Gates,
    champion: Champion | None,
    sample: Sample,
    found: Predictions,
    *,
    look: int = 0,
) -> Judgement:
    """Evaluate the model against each gate of its run.

    Args:
        gates: of the run.
        champion: the model to compare with.
        sample: labels of the held-out rows.
        found: predictions for them.
        look: which look at these rows it is; 0 if nobody counts.
    """
    verdicts = [_judge_gate(gate, sample, found, look) for gate in gates.metrics]
    if gates.champion is None:
        return Judgement(tuple(verdicts))
    if champion is None:
        return Judgement((*verdicts, _no_champion(gates.champion)))
    gate = gates.champion
    better = compared(gate.metric, sample, found, confidence=paid(gate.confidence, look))
    if isinstance(better, str):
        return Judgement((*verdicts, _incomparable(gate, better)))
    margin = gate.margin
    if margin is None:
        margin = METRICS[gate.metric].default_margin(better.champion)
    verdict = _with_look(judge_champion(gate.metric, better.gain, margin=margin), look)
    return Judgement((*verdicts, verdict), better.gain)


def measured(name: str, found: Interval) -> Measured:
    """Return a metric for the manifest, with finite bounds."""
    facts = METRICS.get(name)
    low, high = (facts.low, facts.high) if facts else (-math.inf, math.inf)
    return Measured(
        name=name,
        value=found.value,
        low=max(found.low, low, -MOST),
        high=min(found.high, high, MOST),
        n=found.n,
        groups=found.groups,
    )


def _judge_gate(gate: Gate, sample: Sample, answers: Predictions, look: int) -> Verdict:
    asked = measure(gate.metric, sample, answers, confidence=paid(CONFIDENCE, look))
    found, why = (None, asked) if isinstance(asked, str) else (asked, "")
    verdict = judge_metric(gate.metric, found, minimum=gate.min, maximum=gate.max, why=why)
    return _with_look(verdict, look)


def _with_look(verdict: Verdict, look: int) -> Verdict:
    """Return the verdict that says why its interval is wide, if earlier looks are the reason."""
    if look < 2:
        return verdict
    text = f"{verdict.message}; model number {look} that is evaluated on these rows"
    return replace(verdict, message=text)


def _no_champion(gate: ChampionGate) -> Verdict:
    name = f"{gate.metric} gain over the champion"
    message = "No model serves yet, so there is nothing to compare with."
    return Verdict(name=name, verdict="Passed", message=message)


def _incomparable(gate: ChampionGate, why: str) -> Verdict:
    message = f"{gate.metric} cannot be compared with the champion: {why.rstrip('. ')}."
    message += " To accept the model without this comparison, create a run without gates.champion."
    return Verdict(
        name=f"{gate.metric} gain over the champion", verdict="Inconclusive", message=message
    )
