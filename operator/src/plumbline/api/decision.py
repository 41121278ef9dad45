"""What a rule has decided, as a value: which rule, what follows, why, and on what evidence.

A kind decides by tuples of rules; `first` is the one way to ask them. Conditions are made of
decisions, and each new one is one line of the log.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

# Working: under way, or waits for something. Stalled: only a person can mend it. Held: on purpose.
State = Literal["Ready", "Working", "Stalled", "Held"]
READY = "Ready"

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a rule has decided about an object.

    Attributes:
        rule: name of the rule, such as `dataset.suspended`.
        state: what follows for the condition that it is about.
        reason: the condition's reason, one CamelCase word.
        message: what was seen, where, and what to do about it.
        evidence: numbers, names and digests that it was decided on.
        about: type of the condition that tells it; empty when no condition does.
        acts: whether it causes more than words: a child, a deletion, an event, a step of a rollout.
    """

    rule: str
    state: State
    reason: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    about: str = READY
    acts: bool = False


def ready(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that the object keeps its promise."""
    return Decision(rule=rule, state="Ready", reason=reason, message=message, evidence=evidence)


def working(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that the object is worked on, or waits for something."""
    return Decision(rule=rule, state="Working", reason=reason, message=message, evidence=evidence)


def stalled(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that only a person can mend the object."""
    return Decision(rule=rule, state="Stalled", reason=reason, message=message, evidence=evidence)


def held(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that the object is held on purpose."""
    return Decision(rule=rule, state="Held", reason=reason, message=message, evidence=evidence)


def first(rules: Iterable[Callable[[Subject], Answer | None]], subject: Subject) -> Answer | None:
    """Return what the first rule that applies says of the subject; None when none applies."""
    answers = (rule(subject) for rule in rules)
    return next((answer for answer in answers if answer is not None), None)
