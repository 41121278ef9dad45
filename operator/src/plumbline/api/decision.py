"""A decision as a value: the rule, the state that follows, the reason, and the evidence.

Each kind has tuples of rules in order of priority, and `first` returns what the first rule that
applies decides. Conditions are built from decisions, and each new decision is one line of the log.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

# Working: under way or waiting. Stalled: a person must act. Held: stopped on purpose, or nothing
# is to be done.
State = Literal["Ready", "Working", "Stalled", "Held"]
READY_CONDITION = "Ready"

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a rule decided about an object.

    Attributes:
        rule: name of the rule, such as `dataset.suspended`.
        state: the state that follows for the condition.
        reason: reason of the condition, one CamelCase word.
        message: what is wrong or under way, where, and what to do.
        evidence: the numbers, names and digests on which the decision is based, for the log.
        condition_type: type of the condition that shows the decision; empty if none does.
        acts: whether it also does something (creates or deletes a child, emits an event, moves a
            rollout); then it is logged even if no condition changes.
    """

    rule: str
    state: State
    reason: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    condition_type: str = READY_CONDITION
    acts: bool = False


def ready(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that the object is in the state that its spec describes."""
    return Decision(rule=rule, state="Ready", reason=reason, message=message, evidence=evidence)


def working(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that work on the object is under way, or waits for something."""
    return Decision(rule=rule, state="Working", reason=reason, message=message, evidence=evidence)


def stalled(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that nothing goes on until a person acts."""
    return Decision(rule=rule, state="Stalled", reason=reason, message=message, evidence=evidence)


def held(rule: str, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision that work on the object is stopped on purpose, or not needed."""
    return Decision(rule=rule, state="Held", reason=reason, message=message, evidence=evidence)


def first(rules: Iterable[Callable[[Subject], Answer | None]], subject: Subject) -> Answer | None:
    """Return the result of the first rule that applies to the subject; None when none does."""
    answers = (rule(subject) for rule in rules)
    return next((answer for answer in answers if answer is not None), None)


def decide(rules: Iterable[Callable[[Subject], Answer | None]], subject: Subject) -> Answer:
    """Return the answer of the first rule that applies; the last rule must always apply.

    Raises:
        ValueError: no rule applies.
    """
    answer = first(rules, subject)
    if answer is None:
        raise ValueError("no rule applies, not even the last one")
    return answer
