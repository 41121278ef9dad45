"""Whether held-out rows are mostly new, so that models have not been chosen by them yet.

A manifest keeps the smallest hashes of the rows with which the count of looks began. The same share
of them is among the smallest hashes of another set as of all rows (Broder, 1997).
"""

import numpy as np

from plumbline.contract.dataset_manifest import HeldOut
from plumbline.jobs.data.digest import Hashes

# The share is known to about nine points, at two standard errors.
_SAMPLE = 128
# With at least as many new rows, what was learnt from the old ones no longer decides.
_NEW_SHARE = 0.5


def with_looks(held: HeldOut, hashes: Hashes, before: HeldOut | None) -> HeldOut:
    """Return the entry with the rows from which on looks are counted.

    Args:
        held: the entry of the manifest.
        hashes: of the held-out rows.
        before: the entry of the revision before.
    """
    own = smallest(hashes)
    if before and before.counted_from and not _is_mostly_new(own, before.row_sample):
        begun = {"counted_from": before.counted_from, "row_sample": before.row_sample}
    else:
        begun = {"counted_from": held.digest, "row_sample": own}
    return HeldOut.model_validate({**vars(held), **begun})


def smallest(hashes: Hashes) -> tuple[str, ...]:
    """Return the smallest hashes of rows, each once."""
    return tuple(f"{each:016x}" for each in np.unique(hashes[:, 0])[:_SAMPLE].tolist())


def _is_mostly_new(own: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Return whether at least half of the rows are new, by the hashes that both samples cover."""
    # A full sample says nothing about larger hashes; a short one has all rows.
    end = min(sample[-1] if len(sample) >= _SAMPLE else "g" for sample in (own, before))
    covered = {each for each in own if each <= end}
    return bool(covered) and len(covered - {*before}) >= _NEW_SHARE * len(covered)
