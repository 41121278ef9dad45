"""Manifests of Jobs, read from the store once and cached, since they never change."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.store import Damaged, Missing, Store

KEPT = 512


class JobResults:
    """Reads manifests of every namespace's part of the store."""

    def __init__(self, open_store: Callable[[str], Store]) -> None:
        """Read through `open_store(namespace)`; each namespace's store is opened once."""
        self._open = open_store
        self._stores: dict[str, Store] = {}
        self._kept: OrderedDict[tuple[str, str], Mapping[str, Any]] = OrderedDict()
        self._pointers: OrderedDict[str, str] = OrderedDict()

    def store(self, namespace: str) -> Store:
        """Return the store of a namespace."""
        if namespace not in self._stores:
            self._stores[namespace] = self._open(namespace)
        return self._stores[namespace]

    async def manifest(self, namespace: str, digest: str) -> Mapping[str, Any]:
        """Return a manifest, verified against its digest.

        Raises:
            StoreError: the store cannot be read, or what it holds is damaged.
        """
        key = (namespace, digest)
        if key not in self._kept:
            self._kept[key] = await asyncio.to_thread(self.store(namespace).get_manifest, digest)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def complete(self, outcome: JobOutcome, *, namespace: str, job_uid: str) -> JobOutcome:
        """Return the outcome with the manifest that a finished Job wrote.

        The termination message of a deleted pod is lost; the pointer in the store has the same
        digest.
        """
        if outcome.state != "Succeeded":
            return outcome
        digest = outcome.manifest or await self._pointer(namespace, job_uid)
        if digest is None:
            return replace(outcome, state="Failed", reason="ResultMissing", message=_NO_RESULT)
        try:
            record = await self.manifest(namespace, digest)
        except (Damaged, Missing) as error:
            return replace(outcome, state="Failed", reason="ResultDamaged", message=str(error))
        return replace(outcome, manifest=digest, record=record)

    async def _pointer(self, namespace: str, job_uid: str) -> str | None:
        """Return the digest that the last step of a Job's last pod wrote to the store, or None.

        Earlier pods that failed may have written pointers too; only that of the last pod counts.
        """
        if job_uid not in self._pointers:
            found = await asyncio.to_thread(self.store(namespace).last_pointer, job_uid)
            if found is None:
                return None
            self._pointers[job_uid] = found
            if len(self._pointers) > KEPT:
                self._pointers.popitem(last=False)
        return self._pointers[job_uid]


_NO_RESULT = (
    "The Job succeeded, but its result is not in the store. Check that nothing changes its pods, "
    "such as a webhook, and who can delete objects in the store."
)
