"""Which pulls of counts fail, and which pods cannot be read because of that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from plumbline.live.observations import PodProblem

PullFault = Literal["refused", "timeout", "http", "unreadable"]
# Seconds until it is reported. A pod that starts or ends does not answer until kubelet marks it
# unready; a wrong answer is reported sooner.
PATIENCE: dict[PullFault, float] = {
    "refused": 30.0,
    "timeout": 30.0,
    "http": 5.0,
    "unreadable": 5.0,
}


@dataclass(frozen=True, slots=True)
class ServingPod:
    """A pod that serves a model.

    Attributes:
        address: URL at which its server answers the operator; empty while it has none.
    """

    name: str
    identity: str
    image: str
    address: str
    ready: bool


@dataclass(frozen=True, slots=True)
class PullFailed:
    """Why a pull failed."""

    reason: PullFault
    message: str


@dataclass(slots=True)
class _Pulled:
    """When a pod was last read (or first asked), and why it cannot be read now."""

    read: float
    failed: PullFailed | None = None


class Pulls:
    """The newest pull of each pod of one deployment."""

    def __init__(self) -> None:
        """Start without pods."""
        self._pods: dict[str, _Pulled] = {}

    def succeeded(self, pod: str, *, now: float) -> None:
        """Record that a pod was read."""
        self._pods[pod] = _Pulled(now)

    def failed(self, pod: str, failed: PullFailed, *, now: float) -> None:
        """Record that a pod was not read."""
        self._pods.setdefault(pod, _Pulled(now)).failed = failed

    def forget_all_but(self, pods: Iterable[str]) -> None:
        """Forget pods that no longer exist."""
        alive = set(pods)
        self._pods = {name: pod for name, pod in self._pods.items() if name in alive}

    def problems(self, pods: Iterable[ServingPod], *, now: float) -> tuple[PodProblem, ...]:
        """Return the pods that receive requests although their counts cannot be read."""
        found = [self._problem(pod, now) for pod in pods if pod.ready]
        return tuple(sorted(filter(None, found), key=lambda problem: problem.pod))

    def _problem(self, pod: ServingPod, now: float) -> PodProblem | None:
        pulled = self._pods.get(pod.name)
        if pulled is None or (failed := pulled.failed) is None:
            return None
        if now - pulled.read < PATIENCE[failed.reason]:
            return None
        return PodProblem(
            pod=pod.name, identity=pod.identity, image=pod.image, message=failed.message
        )
