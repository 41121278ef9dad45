"""The last words of a step: its termination message, and the exit code that says the same.

Steps of Jobs and serving's fetch write them; the operator reads them from the pod's status. The
message is JSON of at most 1 KB. Whether a failure is temporary is one fact, said by two voices:
`"retry": true` in the message, and code 75 for the Job's failure policy.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

# A mistake of the user's, for good; a failure that may pass; a mistake of ours.
USER_ERROR, TEMPORARY, BROKEN = 64, 75, 1
# What a condition's reason may be; a longer or odder word is not one of ours.
REASON = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
LIMIT_BYTES = 1024
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CUT = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A step that did its work, also when what it found is bad.

    Attributes:
        digest: of the manifest that it wrote.
        verdict: Valid or Invalid for data, Trained, or Passed, Failed or Inconclusive for models.
        uid: of the object that the work was for.
        reason: for a bad verdict, one CamelCase word.
        message: for a bad verdict, what is wrong.
    """

    digest: str
    verdict: str = ""
    uid: str = ""
    reason: str = ""
    message: str = ""

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object."""
        bad = {"reason": self.reason, "message": self.message} if self.reason else {}
        return {"digest": self.digest, "verdict": self.verdict, "uid": self.uid, **bad}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A step that could not do its work.

    Attributes:
        reason: one CamelCase word, shown as a condition's reason.
        message: what, where and what to do.
        temporary: whether the same step may succeed later without anybody mending anything; None
            when the word does not say, and then nobody may take the failure for final.
    """

    reason: str
    message: str = ""
    temporary: bool | None = None

    @property
    def exit_code(self) -> int:
        """The code that the Job's failure policy knows."""
        return TEMPORARY if self.temporary else USER_ERROR

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object."""
        said = {} if self.temporary is None else {"retry": self.temporary}
        return {"reason": self.reason, "message": self.message, **said}


LastWord = Success | Failure


def written(word: LastWord) -> bytes:
    """Return the termination message, with its sentence shortened until everything fits."""
    content = word.wire
    text = _encoded(content)
    while len(text) > LIMIT_BYTES and (message := content.get("message", "").removesuffix(_CUT)):
        excess = len(text) - LIMIT_BYTES + len(_CUT) + 1
        content["message"] = message[: max(0, len(message) - excess)] + _CUT
        text = _encoded(content)
    return text


def read(text: str) -> LastWord | None:
    """Return what a termination message says; None when it is not one of ours.

    Any container may end with any text: a user's log, or half a word.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return _success(found) or _failure(found)


def _success(found: dict[str, Any]) -> Success | None:
    digest = found.get("digest")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        return None
    names = ("verdict", "uid", "reason", "message")
    return Success(digest=digest, **{name: str(found.get(name) or "") for name in names})


def _failure(found: dict[str, Any]) -> Failure | None:
    reason, retry = found.get("reason"), found.get("retry")
    if not isinstance(reason, str) or not REASON.fullmatch(reason):
        return None
    temporary = retry if isinstance(retry, bool) else None
    return Failure(reason=reason, message=str(found.get("message") or ""), temporary=temporary)


def _encoded(content: dict[str, Any]) -> bytes:
    """Return the JSON; the name of a file may be no text."""
    return json.dumps(content, ensure_ascii=False).encode(errors="replace")
