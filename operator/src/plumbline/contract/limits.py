"""The limits of a column for data with 32-bit numbers."""

import struct


def widened(limit: float, *, up: bool) -> float:
    """Return a limit that also allows the 32-bit number that is nearest to it.

    A file or a client with such numbers has no 0.1, only 0.10000000149. A limit without a fraction
    stays as it is, because whole numbers, such as keys, are exact.
    """
    if limit == int(limit):
        return limit
    near = float(struct.unpack("f", struct.pack("f", limit))[0])
    return max(limit, near) if up else min(limit, near)
