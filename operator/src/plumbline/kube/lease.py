"""Leader election with a Lease: one replica works, the others are in standby.

A leader that cannot renew its Lease in time must stop at once, because another replica may lead
already. Only this process' monotonic clock is used, so different clocks on nodes do no harm.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, ApiError, Conflict, NotFound
from plumbline.log import get_logger

LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases")
Object = dict[str, Any]
RELEASE_SECONDS = 3.0
log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a Lease is valid, and how often it is renewed, in seconds; as in client-go."""

    duration_seconds: float = 15.0
    renew_deadline_seconds: float = 10.0
    retry_seconds: float = 2.0


class LostLease(Exception):
    """The Lease was not renewed in time, or another replica has it; the process must end."""


class Election:
    """One replica's part in the election."""

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        terms: Terms | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take part as `identity` in the election for the Lease `namespace/name`."""
        self._client, self._identity, self._monotonic = client, identity, monotonic
        self._key = Key(LEASE, namespace, name)
        self._terms = terms or Terms()
        # The newest version of another replica's Lease, and when this one saw it first.
        self._seen: tuple[str, float] | None = None
        self._free_at = self._renewed = -math.inf

    def leads(self) -> bool:
        """Return whether this replica may write: it has renewed in time and not released."""
        return self._left() > 0

    async def acquire(self) -> None:
        """Return when this replica leads."""
        while True:
            if await self._try_to_lead():
                break
            await asyncio.sleep(self._pause())
        log.info("leading", identity=self._identity)

    async def keep(self) -> None:
        """Renew until that fails for too long.

        Raises:
            LostLease: this replica no longer leads.
        """
        while True:
            await asyncio.sleep(min(self._terms.retry_seconds, max(0.0, self._left())))
            try:
                async with asyncio.timeout(min(self._left(), self._patience())):
                    await self._renew()
            except TimeoutError:
                log.warning("lease not renewed: the API server did not respond in time")
            except ApiError as error:
                log.warning("lease not renewed", error=error)
            if self._left() <= 0:
                raise LostLease(f"{self._identity} could not renew its Lease in time.")

    async def release(self) -> None:
        """Release the Lease, so that another replica need not wait until it expires."""
        try:
            async with asyncio.timeout(min(self._patience(), RELEASE_SECONDS)):
                lease = await self._client.get(self._key)
                if _holder(lease) == self._identity:
                    await self._write(lease, holder="")
        except (ApiError, TimeoutError) as error:
            log.warning("lease not released", error=error)
        # Even if that failed: this process must not write any more.
        self._renewed = -math.inf

    def _left(self) -> float:
        """Return the seconds that are left to renew."""
        return self._renewed + self._terms.renew_deadline_seconds - self._monotonic()

    def _patience(self) -> float:
        """Return the time limit for one try in seconds, so that a second one is possible."""
        return self._terms.renew_deadline_seconds / 2

    def _pause(self) -> float:
        """Return the seconds until the next check, at the latest when the Lease expires."""
        left = self._free_at - self._monotonic()
        return left if 0 < left < self._terms.retry_seconds else self._terms.retry_seconds

    async def _renew(self) -> None:
        """Renew once.

        Raises:
            LostLease: another replica has the Lease.
        """
        lease = await self._client.get(self._key)
        if _holder(lease) != self._identity:
            other = _holder(lease) or "no replica"
            raise LostLease(f"{other} has the Lease that {self._identity} had.")
        await self._write(lease, holder=self._identity)

    async def _try_to_lead(self) -> bool:
        """Take the Lease; False when another replica has it or the server does not respond."""
        try:
            async with asyncio.timeout(self._patience()):
                return await self._take()
        except (Conflict, AlreadyExists, TimeoutError):
            return False
        except ApiError as error:
            log.warning("lease not taken", error=error)
            return False

    async def _take(self) -> bool:
        try:
            lease = await self._client.get(self._key)
        except NotFound:
            await self._create()
            return True
        if not self._is_free(lease):
            return False
        await self._write(lease, holder=self._identity)
        return True

    def _is_free(self, lease: Object) -> bool:
        """Return whether the Lease is ours, free, or has not been renewed for its duration."""
        if _holder(lease) in (self._identity, ""):
            return True
        version, now = lease["metadata"]["resourceVersion"], self._monotonic()
        if self._seen is None or self._seen[0] != version:
            self._seen = (version, now)
        self._free_at = self._seen[1] + lease["spec"].get("leaseDurationSeconds", 0)
        return now > self._free_at

    async def _create(self) -> None:
        # Taken before the request, because other replicas count from when the server stored it.
        asked = self._monotonic()
        metadata = {"name": self._key.name, "namespace": self._key.namespace}
        spec = self._spec(self._identity, {})
        lease = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata}
        await self._client.create(self._key, lease | {"spec": spec})
        self._renewed = asked

    async def _write(self, lease: Object, *, holder: str) -> None:
        """Write with the resourceVersion that was read, so that only one of two replicas wins."""
        # Taken before the request, as in `_create`: this replica must stop before another starts.
        asked = self._monotonic()
        metadata = {"resourceVersion": lease["metadata"]["resourceVersion"]}
        spec = self._spec(holder, lease["spec"])
        await self._client.merge(self._key, {"metadata": metadata, "spec": spec})
        self._renewed = asked

    def _spec(self, holder: str, before: Object) -> Object:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        changes = before.get("holderIdentity") != holder
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": max(1, round(self._terms.duration_seconds)),
            "acquireTime": now if changes else before.get("acquireTime", now),
            "renewTime": now,
            "leaseTransitions": before.get("leaseTransitions", 0)
            + (1 if holder and changes else 0),
        }


def _holder(lease: Object) -> str:
    return lease["spec"].get("holderIdentity") or ""
