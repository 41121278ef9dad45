"""How the process begins, what its probes say, and how it ends."""

import signal
from pathlib import Path

import pytest
from plumbline.api.objects import Key
from plumbline.kube.lease import Terms

from tests.sim.fakeapi.backends import LEASE
from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually
from tests.sim.shell.operator import PROVE, world
from tests.sim.shell.process import process
from tests.sim.shell.world import dataset, until

LEASE_KEY = Key(LEASE, "system", "plumbline-operator")
DEATH_SECONDS = 5.0
# Each is put into the process before it begins, and keeps it from an end of its own.
HANGS = {
    "nothing hangs": "",
    "a thread that is waited for": """
import threading
threading.Thread(target=threading.Event().wait).start()
""",
    "a task that cannot be cancelled": """
import asyncio
from plumbline.shell.puller import Puller
async def run(self):
    while True:
        try: await asyncio.Event().wait()
        except asyncio.CancelledError: pass
Puller.run = run
""",
    "the event loop": """
import time, threading
from plumbline.shell.watches import Watches
begin, once = Watches.__init__, threading.Lock()
def blocked(self, *args, on_failure, **more):
    begin(self, *args, on_failure=on_failure, **more)
    store = self._store
    def never(*event):
        store(*event)
        time.sleep(1e6)
    self._store = never
Watches.__init__ = blocked
""",
}


def holder(api: FakeApi) -> str:
    return str(api.store.objects[LEASE_KEY]["spec"]["holderIdentity"])


async def test_it_leads_works_and_ends_cleanly_when_told_to(tmp_path: Path) -> None:
    async with world() as (backend, api), process(tmp_path, api) as operator:
        await operator.until_working()
        assert holder(api) == "one"
        await dataset(backend)
        await until(api, data="Profiling")
        operator.signal(signal.SIGTERM)
        code, seconds = await operator.ended()
        assert (code, holder(api)) == (0, ""), operator.log
        assert seconds < 3
        assert "ERROR" not in operator.log
        assert "WARNING" not in operator.log


async def test_a_signal_that_comes_before_it_is_ready_to_work_ends_it_too(tmp_path: Path) -> None:
    code = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "plumbline.shell.main":
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Finder())
"""
    async with world() as (_, api), process(tmp_path, api, code=code) as operator:
        assert (await operator.ended())[0] == 0
        assert LEASE_KEY not in api.store.objects


async def test_a_replica_that_stands_by_is_ready_and_ends_when_told_to(tmp_path: Path) -> None:
    async with (
        world() as (_, api),
        process(tmp_path, api) as first,
        process(tmp_path, api, name="two") as second,
    ):
        await first.until_ready()
        await second.until_ready()
        leader, other = (first, second) if holder(api) == "one" else (second, first)
        other.signal(signal.SIGTERM)
        assert (await other.ended())[0] == 0
        assert await leader.is_ready()


async def test_a_lease_that_another_one_holds_ends_it(tmp_path: Path) -> None:
    async with world() as (backend, api), process(tmp_path, api) as operator:
        await operator.until_working()
        await backend.client.merge(LEASE_KEY, {"spec": {"holderIdentity": "other"}})
        code, _ = await operator.ended()
        assert (code, holder(api)) == (1, "other")
        assert "other has the Lease that one had" in operator.log


@pytest.mark.parametrize(
    "hang", ["nothing hangs", *(pytest.param(hang, marks=PROVE) for hang in list(HANGS)[1:])]
)
async def test_it_ends_within_5_seconds_of_kopf_whatever_hangs(hang: str, tmp_path: Path) -> None:
    async with (
        world(gone="status") as (backend, api),
        process(tmp_path, api, code=HANGS[hang]) as operator,
    ):
        await operator.until_working()
        if hang == "the event loop":
            await dataset(backend)
            await eventually(lambda: any(c.plural == "datasets" for c in api.writes()))
        api.store.version += 1
        api.store.history.forget(before=api.store.version)
        api.faults.add("expire", verb="watch", plural="datasets")
        api.watches.cut()
        code, seconds = await operator.ended()
        assert code == 1
        assert seconds < DEATH_SECONDS
        assert "APIClientError" in operator.log, operator.log
        if hang == "nothing hangs":
            assert holder(api) == ""
            assert "kopf's watch of our kinds has ended" in operator.log


@pytest.mark.parametrize(
    "error", ["asyncio.CancelledError", pytest.param("SystemExit", marks=PROVE)]
)
async def test_it_ends_when_kopf_ends_without_an_error_that_anybody_catches(
    error: str, tmp_path: Path
) -> None:
    code = f"""
import asyncio
import kopf
async def end(**_):
    raise {error}
kopf.spawn_tasks = end
"""
    async with world() as (_, api), process(tmp_path, api, code=code) as operator:
        assert (await operator.ended())[0] == 1
        assert "kopf's watch of our kinds has ended" in operator.log
        assert holder(api) == ""


@pytest.mark.prove
@pytest.mark.parametrize("how", ["told to", "lost the Lease"])
async def test_it_ends_within_5_seconds_of_any_other_end_too(how: str, tmp_path: Path) -> None:
    code = HANGS["a task that cannot be cancelled"]
    async with world() as (backend, api), process(tmp_path, api, code=code) as operator:
        await operator.until_working()
        if how == "told to":
            operator.signal(signal.SIGTERM)
        else:
            await backend.client.merge(LEASE_KEY, {"spec": {"holderIdentity": "other"}})
        exit_code, seconds = await operator.ended()
        assert exit_code == 1
        assert seconds < DEATH_SECONDS + Terms().retry_seconds
        assert "a part of the operator hangs" in operator.log


@pytest.mark.parametrize(
    "name", ["PLUMBLINE_STORE_URL", pytest.param("PLUMBLINE_TRAINER_IMAGE", marks=PROVE)]
)
async def test_a_setting_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    async with process(tmp_path, None, **{name: None}) as operator:
        assert (await operator.ended())[0] == 2
        (line,) = operator.log.splitlines()
        said = f"environment variable {name} is missing: the Helm chart sets it"
        assert line.endswith(f'ERROR the operator cannot start error="SettingsError: {said}"')


async def test_a_cluster_that_nobody_named_is_told(tmp_path: Path) -> None:
    async with process(tmp_path, None, KUBECONFIG=f"{tmp_path}/none") as operator:
        assert (await operator.ended())[0] == 2
        assert "no service account and no kubeconfig" in operator.log


async def test_it_is_not_ready_before_all_lists_are_in_and_all_kinds_are_watched(
    tmp_path: Path,
) -> None:
    async with world() as (_, api):
        api.faults.add("error", verb="list", plural="trainingruns", times=10**6)
        async with process(tmp_path, api) as operator:

            async def says(text: str) -> bool:
                return text in (await operator.asked("/readyz"))[1]

            async def lacks_runs_only() -> bool:
                _, text = await operator.asked("/readyz")
                return "The list of trainingruns" in text and "list of datasets" not in text

            await eventually(lacks_runs_only, seconds=60, why=lambda: operator.log)
            assert (await operator.asked("/livez"))[0] == 200
            api.faults.waiting.clear()
            await operator.until_working()
            api.faults.add("error", verb="watch", plural="datasets", times=10**6)
            api.watches.cut()
            await eventually(lambda: says("The watch of datasets is not open"))
            assert (await operator.asked("/livez"))[0] == 200
            api.faults.waiting.clear()
            await operator.until_working()
