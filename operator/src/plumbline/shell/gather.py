"""Gathers the input of a plan, as its kind declares it: objects, outcomes of Jobs, counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from pydantic import ValidationError

from plumbline.api.meta import Observed
from plumbline.api.objects import Key, Manifest, Resource
from plumbline.api.resources import POD
from plumbline.engine.cache import Cache
from plumbline.engine.unreadable import ObjectUnreadable
from plumbline.plan.common import job_outcome
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.kind import Kind, Owns, Reads, Selector
from plumbline.shell.models import Models
from plumbline.shell.records import Records

Found = TypeVar("Found", bound=Observed)
Around = Mapping[str, Callable[[Key], Any]]


class Objects:
    """The objects of our kinds as models, and any live object as a manifest."""

    def __init__(self, cache: Cache, kinds: Iterable[Kind[Any]]) -> None:
        """Read from the cache."""
        self._cache, self._models = cache, Models()
        self._kinds = {kind.resource: kind.model for kind in kinds}
        self._resources = {model: resource for resource, model in self._kinds.items()}

    def model(self, resource: Resource, obj: Manifest) -> Any:
        """Return the model of an object of our kinds; for another kind the live object.

        Raises:
            ObjectUnreadable: another version has written what this one cannot read.
        """
        kind = self._kinds.get(resource)
        if kind is None:
            return obj
        try:
            return self._models.read(kind, obj)
        except ValidationError as error:
            raise ObjectUnreadable(_unreadable(resource, obj, error)) from error

    def at(self, key: Key) -> Any | None:
        """Return the model of the object with this key, or None."""
        obj = self._cache.get(key)
        return self.model(key.resource, obj) if obj else None

    def beside(self, namespace: str) -> "Beside":
        """Return the objects of a namespace."""
        return Beside(self, self._cache, namespace)

    def key(self, kind: type[Observed], namespace: str, name: str) -> Key:
        """Return the key of an object of our kinds."""
        return Key(self._resources[kind], namespace, name)


@dataclass(frozen=True, slots=True)
class Beside:
    """The objects of one namespace, for selectors."""

    objects: Objects
    cache: Cache
    namespace: str

    def get(self, kind: type[Found], name: str | None) -> Found | None:
        """Return an object of one of our kinds; None if it does not exist or the name is None."""
        found = self.objects.at(self.objects.key(kind, self.namespace, name)) if name else None
        return found if isinstance(found, kind) else None

    def raw(self, resource: Resource, name: str) -> Manifest | None:
        """Return any live object, or None."""
        return self.cache.get(Key(resource, self.namespace, name))

    def select(self, resource: Resource, which: Selector) -> list[Manifest]:
        """Return the objects that a selector matches, by name."""
        if which.names is None:
            found = self.cache.list(resource, self.namespace)
        else:
            named = (self.raw(resource, name) for name in which.names)
            found = (obj for obj in named if obj is not None)
        return sorted(filter(which.matches, found), key=lambda obj: str(obj["metadata"]["name"]))


class Gatherer:
    """Gathers for one kind."""

    def __init__(
        self, kind: Kind[Any], *, cache: Cache, objects: Objects, records: Records, around: Around
    ) -> None:
        """Gather from these.

        Args:
            kind: the kind.
            cache: the objects.
            objects: their models.
            records: the manifests that Jobs wrote.
            around: the fields of a snapshot that are not objects, by name.
        """
        self._kind, self._cache, self._objects, self._records = kind, cache, objects, records
        names = {field.name for field in fields(kind.snapshot)}  # type: ignore[arg-type]
        self._around = {name: take for name, take in around.items() if name in names}

    async def gather(self, key: Key) -> Any | None:
        """Return the snapshot of an object; None if the object does not exist."""
        obj = self._cache.get(key)
        if obj is None:
            return None
        subject = self._objects.model(key.resource, obj)
        found = {self._kind.subject: subject}
        found |= {name: take(key) for name, take in self._around.items()}
        for reads in self._kind.reads:
            found[reads.into] = self._read(reads, subject, key.namespace)
        for owns in self._kind.owns:
            found |= await self._owned(owns, obj)
        return self._kind.snapshot(**found)

    def _read(self, reads: Reads, subject: Any, namespace: str) -> Any:
        beside = self._objects.beside(namespace)
        found = beside.select(reads.resource, reads.which(subject, beside))
        if reads.take:
            return reads.take(subject, found)
        models = tuple(self._objects.model(reads.resource, obj) for obj in found)
        return models if reads.many else next(iter(models), None)

    async def _owned(self, owns: Owns, owner: Manifest) -> dict[str, Any]:
        if not owns.into:
            return {}
        found = self._cache.by_owner(owner["metadata"]["uid"], owns.resource)
        children = tuple(sorted(found, key=lambda obj: str(obj["metadata"]["name"])))
        if not owns.outcomes or self._kind.is_settled(owner):
            return {owns.into: children}
        return {owns.into: children, owns.outcomes: await self._outcomes(children)}

    async def _outcomes(self, jobs: Iterable[Manifest]) -> dict[str, JobOutcome]:
        found = {}
        for job in jobs:
            metadata = job["metadata"]
            outcome = job_outcome.of_job(job, self._cache.by_owner(metadata["uid"], POD))
            found[metadata["name"]] = await self._records.complete(
                outcome, namespace=metadata["namespace"], job_uid=metadata["uid"]
            )
        return found


def _unreadable(resource: Resource, obj: Manifest, error: ValidationError) -> str:
    """Return which field cannot be read, without its value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    return (
        f"This version of Plumbline cannot read {resource.kind} {obj['metadata']['name']}: "
        f"{field}: {first['msg']}. Install the version that wrote it, or fix the field."
    )
