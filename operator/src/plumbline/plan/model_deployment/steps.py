"""The course of a rollout: its steps, the name of each in the pods' counts, and rounded numbers."""

from collections.abc import Sequence

from plumbline.api.v1alpha1.model_deployment import Canary, RolloutStep


def token(canary: Canary) -> str:
    """Return the name under which the pods count this step of this attempt.

    The attempt is part of it: pods remember what they have counted, and a canary that is tried
    again must not be judged by its first attempt.
    """
    begun = int(canary.since.timestamp()) if canary.since else 0
    return f"{canary.identity}/{canary.step}/{begun}"


def weight_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the share of a step in percent; the last one's beyond the end."""
    return steps[min(step, len(steps) - 1)].weight if steps else 0


def pause_of(steps: Sequence[RolloutStep], step: int) -> int:
    """Return the shortest time on a step in seconds."""
    return steps[min(step, len(steps) - 1)].pause_seconds if steps else 0


def rounded_down(number: int) -> int:
    """Return the number with two digits, the rest zero: 1,279 is 1,200."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return number // unit * unit
