"""The gates of a run: each limit on a metric, and the comparison with the champion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.api.meta import Gate
from plumbline.api.metrics import METRICS
from plumbline.api.v1alpha1.training_run import ChampionGate, Gates
from plumbline.contract.model_manifest import Measured
from plumbline.contract.tasks import Champion
from plumbline.jobs.judging.predictions import Predictions
from plumbline.jobs.judging.scores import Sample, compared, measure
from plumbline.stats.gates import Verdict, VerdictName, judge_champion, judge_metric, worst
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
    metrics: Mapping[str, Interval],
    champion: Champion | None,
    sample: Sample,
    found: Predictions,
) -> Judgement:
    """Evaluate the model against each gate of its run."""
    verdicts = [
        _judge_gate(gate, metrics.get(gate.metric), sample, found) for gate in gates.metrics
    ]
    if gates.champion is None:
        return Judgement(tuple(verdicts))
    if champion is None:
        return Judgement((*verdicts, _no_champion(gates.champion)))
    gate = gates.champion
    better = compared(gate.metric, sample, found, confidence=gate.confidence)
    if isinstance(better, str):
        return Judgement((*verdicts, _incomparable(gate, better)))
    margin = gate.margin
    if margin is None:
        margin = METRICS[gate.metric].default_margin(better.champion)
    verdict = judge_champion(gate.metric, better.gain, margin=margin)
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


def _judge_gate(
    gate: Gate, found: Interval | None, sample: Sample, answers: Predictions
) -> Verdict:
    why = "" if found else str(measure(gate.metric, sample, answers))
    return judge_metric(gate.metric, found, minimum=gate.min, maximum=gate.max, why=why)


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
