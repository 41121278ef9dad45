"""How to reach the API server: with the service account of the pod, or with a kubeconfig."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CONNECTIONS = 32


class ConfigError(ValueError):
    """Neither a service account nor a usable kubeconfig was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Address and credentials of an API server.

    Attributes:
        server: address, such as https://10.0.0.1:443.
        tls: trusted authorities and client certificate.
        token_file: file with a bearer token; read again for every request, since it is rotated.
        token: bearer token that does not change.
    """

    server: str
    tls: ssl.SSLContext = field(repr=False, default_factory=ssl.create_default_context)
    token_file: Path | None = None
    token: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        token = self.token_file.read_text().strip() if self.token_file else self.token
        return {"Authorization": f"Bearer {token}"} if token else {}

    def session(
        self, response: type[aiohttp.ClientResponse] = aiohttp.ClientResponse
    ) -> aiohttp.ClientSession:
        """Open a pool of connections; each request has the current token.

        Args:
            response: the class of responses, for a caller that reads them in its own way.
        """
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self.tls)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=response,
            middlewares=(self._authenticate,),
        )

    async def _authenticate(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers.update(self.headers())
        return await send(request)


def connection(environment: Mapping[str, str] = os.environ) -> Connection:
    """Return the connection of the pod's service account, or of the current kubeconfig context.

    Raises:
        ConfigError: neither exists, or the kubeconfig is incomplete.
    """
    if host := environment.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster(host, environment.get("KUBERNETES_SERVICE_PORT", "443"))
    named = environment.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    # kubectl merges these files; here the first one that exists counts.
    for path in map(Path, named.split(os.pathsep)):
        if path.is_file():
            return from_kubeconfig(yaml.safe_load(path.read_text()), folder=path.parent)
    raise ConfigError(f"There is no service account and no kubeconfig at {named}. Set KUBECONFIG.")


def in_cluster(host: str, port: str, *, folder: Path = SERVICE_ACCOUNT) -> Connection:
    """Return the connection of a pod's service account.

    Raises:
        ConfigError: the pod has no service account token.
    """
    if not (folder / "token").exists():
        raise ConfigError(
            f"There is no token in {folder}. Set automountServiceAccountToken: true on the pod."
        )
    address = f"[{host}]" if ":" in host else host
    tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    return Connection(server=f"https://{address}:{port}", tls=tls, token_file=folder / "token")


def from_kubeconfig(config: Mapping[str, Any], *, folder: Path = Path()) -> Connection:
    """Return the connection of a kubeconfig's current context; paths are relative to `folder`.

    Raises:
        ConfigError: the context, its cluster or its user is missing.
    """
    context = _named(config, "contexts", config.get("current-context"))["context"]
    cluster = _named(config, "clusters", context["cluster"])["cluster"]
    user = _named(config, "users", context["user"])["user"]
    token_file = folder / user["tokenFile"] if user.get("tokenFile") else None
    return Connection(
        server=cluster["server"].rstrip("/"),
        tls=_tls(cluster, user, folder),
        token=user.get("token"),
        token_file=token_file,
    )


def _named(config: Mapping[str, Any], section: str, name: str | None) -> Mapping[str, Any]:
    for item in config.get(section) or ():
        if item["name"] == name:
            return dict(item)
    raise ConfigError(f"The kubeconfig has no {section[:-1]} {name!r}.")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority", folder)
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate = _content(user, "client-certificate", folder)
    key = _content(user, "client-key", folder)
    if certificate and key:
        # `load_cert_chain` reads only files.
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(certificate + b"\n" + key)
            pem.flush()
            context.load_cert_chain(pem.name)
    return context


def _content(section: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data)
    return (folder / section[name]).read_bytes() if section.get(name) else None
