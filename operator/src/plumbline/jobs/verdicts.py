"""What a step tells the operator: its manifest, the verdict, and the reason for a bad one."""

from typing import Protocol

from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.last_words import Success


class Judgement(Protocol):
    """What gates say together."""

    @property
    def verdict(self) -> str:
        """Passed, Failed or Inconclusive."""

    @property
    def message(self) -> str:
        """Why it is not Passed."""


def of_model(judgement: Judgement, digest: str, uid: str) -> Success:
    """Return the last word about a run: the gates that decide speak."""
    verdict, message = judgement.verdict, judgement.message
    reason = {"Failed": "GateFailed", "Inconclusive": "GateInconclusive"}.get(verdict, "")
    return Success(digest=digest, verdict=verdict, uid=uid, reason=reason, message=message)


def of_dataset(manifest: DatasetManifest, digest: str) -> Success:
    """Return the last word about a Dataset: the first violation speaks for all."""
    found, verdict, uid = manifest.violations, manifest.verdict, manifest.dataset.uid
    if not found:
        return Success(digest=digest, verdict=verdict, uid=uid)
    first, more = found[0], len(found) - 1
    rules = "rule" if more == 1 else "rules"
    message = first.message + (f" And {more} more broken {rules}." if more else "")
    return Success(digest=digest, verdict=verdict, uid=uid, reason=first.rule, message=message)
