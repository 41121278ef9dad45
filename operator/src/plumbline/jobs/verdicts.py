"""What a step reports to the operator: its manifest, the verdict, and why a verdict is bad."""

from typing import Protocol

from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.last_words import Success


class GateSummary(Protocol):
    """What all gates of a run decide together; `judging.gates.Judgement` has it."""

    @property
    def verdict(self) -> str:
        """Passed, Failed or Inconclusive."""

    @property
    def message(self) -> str:
        """Why the verdict is not Passed."""


def of_model(summary: GateSummary, digest: str, uid: str) -> Success:
    """Return the result of a run, with the messages of the gates that decided it."""
    verdict, message = summary.verdict, summary.message
    reason = {"Failed": "GateFailed", "Inconclusive": "GateInconclusive"}.get(verdict, "")
    return Success(digest=digest, verdict=verdict, uid=uid, reason=reason, message=message)


def of_dataset(manifest: DatasetManifest, digest: str) -> Success:
    """Return the result for a Dataset: of several violations, the message has only the first."""
    found, verdict, uid = manifest.violations, manifest.verdict, manifest.dataset.uid
    if not found:
        return Success(digest=digest, verdict=verdict, uid=uid)
    first, more = found[0], len(found) - 1
    others = f" {more} more {'rule' if more == 1 else 'rules'} failed." if more else ""
    message = first.message + others
    return Success(digest=digest, verdict=verdict, uid=uid, reason=first.rule, message=message)
