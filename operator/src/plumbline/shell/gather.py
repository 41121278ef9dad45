"""Gathers the input of a plan, as its kind declares it: objects, outcomes of Jobs, counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from plumbline.api.objects import Key, Manifest
from plumbline.api.resources import POD
from plumbline.engine.cache import Cache
from plumbline.plan.common import job_outcome
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.kind import Kind, Owns, Reads
from plumbline.shell.job_results import JobResults
from plumbline.shell.object_reader import ObjectReader

# For each field of a snapshot that does not hold an object, the function that returns its value.
FieldSources = Mapping[str, Callable[[Key], Any]]


class Gatherer:
    """Gathers for one kind."""

    def __init__(
        self,
        kind: Kind[Any],
        *,
        cache: Cache,
        objects: ObjectReader,
        results: JobResults,
        sources: FieldSources,
    ) -> None:
        """Gather from these.

        Args:
            kind: the kind.
            cache: the objects.
            objects: the objects of our kinds, parsed.
            results: the manifests that Jobs wrote.
            sources: the fields of a snapshot that are not objects, by name.
        """
        self._kind, self._cache, self._objects, self._results = kind, cache, objects, results
        names = {field.name for field in fields(kind.snapshot)}  # type: ignore[arg-type]
        self._sources = {name: take for name, take in sources.items() if name in names}

    async def gather(self, key: Key) -> Any | None:
        """Return the snapshot of an object; None if the object does not exist."""
        obj = self._cache.get(key)
        if obj is None:
            return None
        subject = self._objects.parsed(key.resource, obj)
        found = {self._kind.subject: subject}
        found |= {name: take(key) for name, take in self._sources.items()}
        for reads in self._kind.reads:
            found[reads.into] = self._read(reads, subject, key.namespace)
        for owns in self._kind.owns:
            found |= await self._owned(owns, obj)
        return self._kind.snapshot(**found)

    def _read(self, reads: Reads, subject: Any, namespace: str) -> Any:
        lookup = self._objects.in_namespace(namespace)
        found = lookup.select(reads.resource, reads.which(subject, lookup))
        if reads.take:
            return reads.take(subject, found)
        parsed = tuple(self._objects.parsed(reads.resource, obj) for obj in found)
        return parsed if reads.many else next(iter(parsed), None)

    async def _owned(self, owns: Owns, owner: Manifest) -> dict[str, Any]:
        if not owns.into:
            return {}
        found = self._cache.by_owner(owner["metadata"]["uid"], owns.resource)
        children = tuple(sorted(found, key=lambda obj: str(obj["metadata"]["name"])))
        # An owner that has ended needs no outcome, so a restart does not read the store for it.
        if not owns.outcomes or self._kind.is_settled(owner):
            return {owns.into: children}
        return {owns.into: children, owns.outcomes: await self._outcomes(children)}

    async def _outcomes(self, jobs: Iterable[Manifest]) -> dict[str, JobOutcome]:
        found = {}
        for job in jobs:
            metadata = job["metadata"]
            outcome = job_outcome.of_job(job, self._cache.by_owner(metadata["uid"], POD))
            found[metadata["name"]] = await self._results.complete(
                outcome, namespace=metadata["namespace"], job_uid=metadata["uid"]
            )
        return found
