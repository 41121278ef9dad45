"""What a step tells the operator: its manifest, the verdict, and the reason for a bad one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Judgement(Protocol):
    """What gates say together."""

    @property
    def verdict(self) -> str:
        """Passed, Failed or Inconclusive."""

    @property
    def message(self) -> str:
        """Why it is not Passed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A step that did its work.

    Attributes:
        digest: of the manifest.
        verdict: Valid or Invalid for data; Passed, Failed or Inconclusive for models.
        uid: of the object that the work was for.
        reason: for a bad verdict, one CamelCase word: the first rule that the data broke, or what
            the gates say.
        message: for a bad verdict, what is wrong.
    """

    digest: str
    verdict: str
    uid: str
    reason: str = ""
    message: str = ""


def of_model(judgement: Judgement, digest: str, uid: str) -> Answer:
    """Return the answer for a run: the gates that decide speak."""
    word = judgement.verdict
    reason = {"Failed": "GateFailed", "Inconclusive": "GateInconclusive"}.get(word, "")
    return Answer(digest, word, uid, reason, judgement.message)


def of_dataset(manifest: Mapping[str, Any], digest: str, uid: str) -> Answer:
    """Return the answer for a Dataset: the first violation speaks for all."""
    found = manifest["violations"]
    if not found:
        return Answer(digest, manifest["verdict"], uid)
    first, more = found[0], len(found) - 1
    rules = "rule" if more == 1 else "rules"
    message = first["message"] + (f" And {more} more broken {rules}." if more else "")
    return Answer(digest, manifest["verdict"], uid, first["rule"], message)
