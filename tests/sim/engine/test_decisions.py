"""What an operator has decided is told once: when it is stored, and never again."""

import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from plumbline.api import decision
from plumbline.api.decision import Decision
from plumbline.api.plan import Plan
from plumbline.engine.cache import Cache
from plumbline.engine.effects import Effects
from plumbline.kube import transport
from plumbline.kube.client import Client
from plumbline.kube.errors import Conflict, Unavailable
from plumbline.kube.events import EventRecorder
from plumbline.plan.common import conditions

from tests.sim.engine.operator import BY_KIND
from tests.sim.fakeapi.backends import CONFIG_MAP, WIDGET, Backend, fake_backend
from tests.sim.fakeapi.faults import Kind

GOOD = decision.ready("widget.good", "Good", "7 of 7 fit", parts=7)


def said(told: Decision) -> Plan:
    return Plan(status={"conditions": conditions.of(told)}, decisions=(told,))


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found: list[Any] = [each for each in caplog.records if each.getMessage() == "decision"]
    return [each.values for each in found]


@asynccontextmanager
async def process(backend: Backend) -> AsyncIterator[tuple[Effects, Cache]]:
    """An operator as it is after its first list."""
    cache, key = Cache(), backend.key(WIDGET, "w")
    async with Client(backend.connection) as client:
        cache.observe(key, await client.get(key))
        yield (
            Effects(
                client=client,
                cache=cache,
                recorder=EventRecorder(client),
                resource_of=lambda each: BY_KIND[each["apiVersion"], each["kind"]],
            ),
            cache,
        )


async def test_a_decision_is_one_line_with_all_that_it_was_made_of(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    async with fake_backend() as backend:
        await backend.create(WIDGET, "w")
        async with process(backend) as (effects, _):
            await effects.carry_out(backend.key(WIDGET, "w"), said(GOOD))
    (line,) = lines(caplog)
    assert line["generation"] == 1
    assert {key: line[key] for key in ("kind", "name", "rule", "state", "reason", "evidence")} == {
        "kind": "Widget",
        "name": "w",
        "rule": "widget.good",
        "state": "Ready",
        "reason": "Good",
        "evidence": {"parts": 7},
    }


async def test_neither_a_second_pass_nor_a_restart_tells_it_again(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    async with fake_backend() as backend:
        await backend.create(WIDGET, "w")
        key = backend.key(WIDGET, "w")
        for _ in range(2):
            async with process(backend) as (effects, _):
                await effects.carry_out(key, said(GOOD))
                await effects.carry_out(key, said(GOOD))
    assert len(lines(caplog)) == 1


async def test_what_could_not_be_stored_is_not_told(caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    async with fake_backend() as backend:
        await backend.create(WIDGET, "w")
        key = backend.key(WIDGET, "w")
        async with process(backend) as (effects, cache):
            await backend.client.merge(key, {"metadata": {"labels": {"a": "b"}}})
            plan = replace(
                said(replace(GOOD, acts=True)),
                create=(backend.manifest(CONFIG_MAP, "made", data={"a": "b"}),),
            )
            with pytest.raises(Conflict):
                await effects.carry_out(key, plan, seen=cache.get(key))
            assert lines(caplog) == []
            await effects.carry_out(key, plan)
    assert len(lines(caplog)) == 1


@pytest.mark.parametrize("kind", ["error", "reset_after", "hang_after"])
async def test_what_is_stored_though_the_answer_is_lost_is_told_once(
    kind: Kind, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.2)
    async with fake_backend() as backend:
        assert backend.fake
        await backend.create(WIDGET, "w")
        key = backend.key(WIDGET, "w")
        async with process(backend) as (effects, _):
            backend.fake.faults.add(kind, verb="update_status")
            with contextlib.suppress(Unavailable):
                await effects.carry_out(key, said(GOOD))
            assert len(lines(caplog)) == (kind != "error")
            await effects.carry_out(key, said(GOOD))
    assert len(lines(caplog)) == 1
