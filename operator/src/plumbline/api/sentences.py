"""Turns texts of kubelets, API servers, the store and Jobs into sentences for our messages."""

import re

# A full digest hides the sentence around it, and 12 digits are enough to find the object.
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_CLOSED = (".", "!", "?")


def sentence(text: str) -> str:
    """Return the text with a full stop at its end and with short digests."""
    short = _DIGEST.sub(r"\1", text.strip())
    return short if not short or short.endswith(_CLOSED) else f"{short}."


def clause(text: str) -> str:
    """Return the text without its full stop, to continue the sentence, and with short digests."""
    return sentence(text).rstrip(". ")


def internal(error: Exception) -> str:
    """Return an error of the operator itself as a clause; the log has its class and traceback."""
    details = clause(str(error)[:300]) or "it gives no details"
    return (
        f"an internal error: {details}. The operator tries again; if the error stays, report it with "
        f"the operator's log"
    )
