"""Sends rows as live requests in time order at a steady rate, and counts every response."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import pandas as pd

from demo import flights

TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(slots=True)
class Traffic:
    """What was sent, and the responses."""

    requests: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)
    chances: list[tuple[bool, float]] = field(default_factory=list)


async def replay(
    rows: pd.DataFrame,
    *,
    url: str,
    rate: float,
    traffic: Traffic,
    stop: Callable[[], bool] = lambda: False,
    each: Callable[[], None] = lambda: None,
) -> None:
    """Send the rows one by one until they end or `stop` returns True.

    Args:
        rows: rows in time order.
        url: URL of the infer endpoint of the model.
        rate: requests per second.
        traffic: where counts are added.
        stop: called before each request.
        each: called after each request.
    """
    started = time.monotonic()
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session, asyncio.TaskGroup() as group:
        for number, (_, row) in enumerate(rows.iterrows()):
            if stop():
                return
            await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
            group.create_task(_send(session, url, row, traffic))
            each()


async def _send(
    session: aiohttp.ClientSession, url: str, row: "pd.Series[object]", traffic: Traffic
) -> None:
    traffic.requests += 1
    try:
        async with session.post(url, json=flights.request(row)) as response:
            answer = await response.json(content_type=None)
            if response.status != 200:
                raise aiohttp.ClientError(f"{response.status}: {answer}")
            traffic.chances.append((bool(row["late"]), _chance(answer)))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        traffic.failed += 1
        traffic.errors.append(f"{type(error).__name__}: {error}"[:300])


def _chance(answer: dict[str, list[dict[str, object]]]) -> float:
    """Return the predicted probability of the last class, being late."""
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    data = outputs["predict_proba"]
    return float(data[-1])
