"""The request to one serving pod for its counts: I/O only.

A reply has a time limit and a size limit, so that no pod can block the operator or fill its memory.
"""

import errno
import os

import aiohttp

from plumbline.contract import control
from plumbline.contract.control import ControlReply, ControlRequest, UnreadableMessage
from plumbline.live.pulls import PullFailed

TIMEOUT_SECONDS = 2
# A reply has up to a few hundred thousand counts, which are some megabytes.
REPLY_LIMIT = 32 * 2**20


def session() -> aiohttp.ClientSession:
    """Return a session for pulls."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))


async def pull(
    session: aiohttp.ClientSession, address: str, request: ControlRequest
) -> ControlReply | PullFailed:
    """Return a pod's reply, or why there is none."""
    headers = {"content-type": "application/json"}
    try:
        # Without redirects: a pod must not lead the operator to another address.
        async with session.post(
            address, data=control.encode(request), headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                return PullFailed("http", f"it answers POST /control with status {response.status}")
            return control.read_reply(await _bounded(response.content))
    except UnreadableMessage as error:
        return PullFailed("unreadable", str(error))
    except TimeoutError:
        return PullFailed("timeout", f"it does not answer within {TIMEOUT_SECONDS} s")
    except (aiohttp.ClientError, OSError) as error:
        return _failed(error)


def _failed(error: Exception) -> PullFailed:
    number = getattr(getattr(error, "os_error", error), "errno", None)
    if number == errno.ECONNREFUSED:
        return PullFailed("refused", "nothing listens on its admin port")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return PullFailed("http", "its answer is not valid HTTP")
    # An unreachable pod counts as a silent one, because a node that is down causes both.
    why = os.strerror(number).lower() if number else "connection lost"
    return PullFailed("timeout", f"it cannot be reached ({why})")


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """Return a body.

    Raises:
        UnreadableMessage: it is too large.
    """
    found = bytearray()
    async for part in content.iter_any():
        found += part
        if len(found) > REPLY_LIMIT:
            raise UnreadableMessage(f"its reply is larger than {REPLY_LIMIT} bytes")
    return bytes(found)
