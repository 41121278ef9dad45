"""The last words of a step: its termination message and its exit code.

Steps of Jobs and the fetch of a model server write them; the operator reads them in the pod's
status. The message is JSON of at most 1 KB. A temporary failure is marked twice: by `"retry": true`
in the message for the operator, and by exit code 75 for the failure policy of the Job.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

# Exit codes. A mistake of the user: the same step would fail again.
USER_ERROR = 64
# A failure that may pass by itself.
TEMPORARY = 75
# An error that we did not expect; Python ends with 1 after an exception, too.
INTERNAL_ERROR = 1
# The form of our reasons: Kubernetes allows more, but ours are CamelCase words.
REASON = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
LIMIT_BYTES = 1024
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CUT = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A step that did its work, even if the data or the model is bad.

    Attributes:
        digest: digest of the manifest that the step wrote.
        verdict: Valid or Invalid for data, Trained for a training, and Passed, Failed or
            Inconclusive for an evaluated model.
        uid: of the object for which the step ran.
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
        message: what is wrong, where, and what to do.
        temporary: whether the same step may succeed later although nobody fixes anything; None if
            the message that was read does not say so. Such a failure must not count as final.
    """

    reason: str
    message: str = ""
    temporary: bool | None = None

    @property
    def exit_code(self) -> int:
        """The exit code, which the failure policy of the Job reads."""
        return TEMPORARY if self.temporary else USER_ERROR

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object."""
        said = {} if self.temporary is None else {"retry": self.temporary}
        return {"reason": self.reason, "message": self.message, **said}


LastWord = Success | Failure


def encode(word: LastWord) -> bytes:
    """Return the termination message; a long text in it is cut until everything fits."""
    content = word.wire
    text = _encoded(content)
    while len(text) > LIMIT_BYTES and (message := content.get("message", "").removesuffix(_CUT)):
        excess = len(text) - LIMIT_BYTES + len(_CUT) + 1
        content["message"] = message[: max(0, len(message) - excess)] + _CUT
        text = _encoded(content)
    return text


def read(text: str) -> LastWord | None:
    """Return the content of a termination message; None if a step of ours did not write it.

    A user's container may leave any text, such as the end of its log.
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
    said = {name: _text(found.get(name)) for name in ("verdict", "uid", "reason", "message")}
    if not REASON.fullmatch(said["reason"]):
        said["reason"] = ""
    return Success(digest=digest, **said)


def _failure(found: dict[str, Any]) -> Failure | None:
    reason, retry = found.get("reason"), found.get("retry")
    if not isinstance(reason, str) or not REASON.fullmatch(reason):
        return None
    temporary = retry if isinstance(retry, bool) else None
    return Failure(reason=reason, message=_text(found.get("message")), temporary=temporary)


def _text(found: Any) -> str:
    """Return a text that a status can hold: JSON can escape a lone surrogate, UTF-8 cannot."""
    return str(found or "").encode(errors="replace").decode()


def _encoded(content: dict[str, Any]) -> bytes:
    """Return the JSON; what is not valid Unicode, such as the name of a file, is replaced."""
    return json.dumps(content, ensure_ascii=False).encode(errors="replace")
