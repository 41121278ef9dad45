"""The model card: one page about a model, its data and its evaluation."""

import json
from collections.abc import Sequence

from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.model_manifest import ModelManifest
from plumbline.stats.gates import Verdict


def model_card(manifest: ModelManifest, gates: Sequence[Verdict], profile: DatasetManifest) -> str:
    """Return the card in Markdown.

    Args:
        manifest: of the Model, without the digest of this card.
        gates: the verdicts.
        profile: the manifest of the Dataset revision.
    """
    return (
        "\n".join([*_head(manifest), *_metrics(manifest), *_gates(gates), *_data(profile)]) + "\n"
    )


def _head(manifest: ModelManifest) -> list[str]:
    model, dataset, question = manifest.model, manifest.dataset, manifest.question
    return [
        f"# {manifest.run.name}: {manifest.verdict}",
        "",
        f"- Model: `{model.digest}` ({model.engine} engine)",
        f"- Question: {question.task} of `{question.target}`",
        *_classes(manifest),
        f"- Data: {dataset.name} revision {dataset.revision}, `{dataset.digest}`",
        f"- Trainer: `{manifest.trainer}`, seed {manifest.seed}",
        f"- Features: {', '.join(f'`{name}`' for name in manifest.features)}",
        f"- Spec: `{manifest.spec_digest}`",
        "",
    ]


def _classes(manifest: ModelManifest) -> list[str]:
    """Return the order of the classes, and what precision, recall, f1 and auc are about."""
    if not manifest.classes:
        return []
    names = [f"`{json.dumps(each, ensure_ascii=False)}`" for each in manifest.classes]
    positive = f"; positive class: {names[1]}" if len(names) == 2 else ""
    return [f"- Classes, in the order of their probabilities: {', '.join(names)}{positive}"]


def _metrics(manifest: ModelManifest) -> list[str]:
    rows = [
        f"| {m.name} | {m.value:.4f} | {m.low:.4f} | {m.high:.4f} | {m.n} |"
        for m in manifest.metrics
    ]
    head = ["## Metrics on the held-out rows (95 % CI)", ""]
    return [*head, "| metric | value | low | high | rows |", "|---|---|---|---|---|", *rows, ""]


def _gates(gates: Sequence[Verdict]) -> list[str]:
    if not gates:
        return ["## Gates", "", "The run has no gates.", ""]
    return ["## Gates", "", *(f"- {g.verdict}: {g.name}: {g.message}" for g in gates), ""]


def _data(profile: DatasetManifest) -> list[str]:
    holdout = profile.holdout
    if holdout is None:
        return []
    cut = f", from {holdout.cut} on" if holdout.cut else ""
    return [
        "## Held-out rows",
        "",
        f"{holdout.rows} of {profile.rows} rows, by {holdout.by}{cut}: never trained on, "
        "the same for every run on this data.",
    ]
