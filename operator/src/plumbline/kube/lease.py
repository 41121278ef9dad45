"""Leader election by a Lease: one replica works, the others wait to take over.

A leader that cannot renew in time must stop at once: another one may already be at work.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.api.effects import Key, Resource
from plumbline.kube.client import Client
from plumbline.kube.errors import AlreadyExists, ApiError, Conflict, NotFound

LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a Lease is good for, and how often it is renewed, in seconds."""

    duration_seconds: float = 15.0
    renew_deadline_seconds: float = 10.0
    retry_seconds: float = 2.0


class LostLease(Exception):
    """The Lease could not be renewed in time; the process must end."""


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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take part as `identity` in the election for the Lease `namespace/name`."""
        self._client, self._identity, self._now = client, identity, now
        self._key = Key(LEASE, namespace, name)
        self._terms = terms or Terms()
        self._seen: tuple[str, datetime] | None = None

    async def acquire(self) -> None:
        """Return when this replica leads."""
        while True:
            if await self._try():
                break
            await asyncio.sleep(self._terms.retry_seconds)
        log.info("leading as %s", self._identity)

    async def keep(self) -> None:
        """Renew until that fails for too long.

        Raises:
            LostLease: this replica no longer leads.
        """
        renewed = self._now()
        while True:
            await asyncio.sleep(self._terms.retry_seconds)
            if await self._try():
                renewed = self._now()
            elif self._now() - renewed > timedelta(seconds=self._terms.renew_deadline_seconds):
                raise LostLease(f"{self._identity} could not renew its Lease in time")

    async def release(self) -> None:
        """Give the Lease back, so that another replica need not wait for it to run out."""
        with contextlib.suppress(ApiError):
            lease = await self._client.get(self._key)
            if lease["spec"].get("holderIdentity") == self._identity:
                await self._write(lease, holder="")

    async def _try(self) -> bool:
        """Take or renew the Lease; False when another holds it or the server does not answer."""
        try:
            try:
                lease = await self._client.get(self._key)
            except NotFound:
                return await self._create()
            if not self._free(lease):
                return False
            await self._write(lease, holder=self._identity)
        except (Conflict, AlreadyExists):
            return False
        except ApiError as error:
            log.warning("leader election: %s", error)
            return False
        return True

    def _free(self, lease: dict[str, Any]) -> bool:
        """Return whether it is ours, empty, or unchanged for its whole duration by our own clock."""
        spec = lease["spec"]
        if spec.get("holderIdentity") in (self._identity, "", None):
            return True
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen[0] != version:
            self._seen = (version, self._now())
            return False
        return self._now() - self._seen[1] > timedelta(seconds=spec["leaseDurationSeconds"])

    async def _create(self) -> bool:
        await self._client.create(
            self._key,
            {
                "apiVersion": LEASE.api_version,
                "kind": LEASE.kind,
                "metadata": {"name": self._key.name, "namespace": self._key.namespace},
                "spec": self._spec(self._identity),
            },
        )
        return True

    async def _write(self, lease: dict[str, Any], *, holder: str) -> None:
        """Write with the resourceVersion we read, so that only one of two takers wins."""
        metadata = {"resourceVersion": lease["metadata"]["resourceVersion"]}
        await self._client.merge(self._key, {"metadata": metadata, "spec": self._spec(holder)})

    def _spec(self, holder: str) -> dict[str, Any]:
        time = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        duration = max(1, round(self._terms.duration_seconds))
        return {"holderIdentity": holder, "leaseDurationSeconds": duration, "renewTime": time}
