"""The way to the API server, from a pod and from a kubeconfig."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml
from plumbline.kube import config
from plumbline.kube.client import Client
from plumbline.kube.config import ConfigError, Connection, connection, from_kubeconfig
from plumbline.kube.errors import NotFound

from tests.sim.fakeapi.backends import WIDGET, fake_backend

SECRET = "0123456789abcdef"  # noqa: S105 - opens nothing


def kubeconfig(**user: Any) -> dict[str, Any]:
    return {
        "current-context": "mine",
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1/"}}],
        "users": [{"name": "u", "user": user}],
    }


def test_a_kubeconfig_gives_its_current_context() -> None:
    found = from_kubeconfig(kubeconfig(**{"token": SECRET}))
    assert found.server == "http://127.0.0.1:1"
    assert found.headers() == {"Authorization": f"Bearer {SECRET}"}
    assert SECRET not in repr(found)


def test_a_token_file_is_read_again_since_it_is_rotated(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old\n")
    found = from_kubeconfig(kubeconfig(tokenFile="token"), folder=tmp_path)
    assert found.headers() == {"Authorization": "Bearer old"}
    (tmp_path / "token").write_text("new\n")
    assert found.headers() == {"Authorization": "Bearer new"}


def test_an_insecure_cluster_is_not_verified() -> None:
    insecure = kubeconfig()
    insecure["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    assert from_kubeconfig(insecure).tls.verify_mode == ssl.CERT_NONE
    assert from_kubeconfig(kubeconfig()).tls.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("missing", ["contexts", "clusters", "users"])
def test_a_kubeconfig_that_lacks_something_says_what(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"The kubeconfig has no {missing[:-1]} "):
        from_kubeconfig(kubeconfig() | {missing: []})


def test_without_a_pod_and_a_kubeconfig_the_message_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Set KUBECONFIG"):
        connection({"KUBECONFIG": str(tmp_path / "none")})


def test_the_first_kubeconfig_that_exists_counts(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig(**{"token": SECRET})))
    assert connection({"KUBECONFIG": f"{tmp_path}/none:{path}"}).token == SECRET


def test_a_pod_without_a_token_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SERVICE_ACCOUNT", tmp_path)
    with pytest.raises(ConfigError, match="automountServiceAccountToken"):
        config.in_cluster("10.0.0.1", "443", folder=tmp_path)


async def test_every_request_carries_the_token_of_its_moment(tmp_path: Path) -> None:
    token = tmp_path / "token"
    seen: list[str] = []

    class Spied(Connection):
        def headers(self) -> dict[str, str]:
            seen.append(token.read_text())
            return super().headers()

    async with fake_backend() as backend:
        server = backend.connection.server
        async with Client(Spied(server=server, token_file=token)) as client:
            for text in ("old", "new"):
                token.write_text(text)
                with pytest.raises(NotFound):
                    await client.get(backend.key(WIDGET, "none"))
    assert seen == ["old", "new"]
