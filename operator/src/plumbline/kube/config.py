"""How to reach the API server: from inside of a pod, or by a kubeconfig."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class ConfigError(ValueError):
    """Neither a service account nor a usable kubeconfig was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Address and credentials of an API server.

    Attributes:
        server: address, such as https://10.0.0.1:443.
        tls: trust and client certificate.
        token_file: file with a bearer token; read again for every request, since it is rotated.
        token: bearer token that stays.
    """

    server: str
    tls: ssl.SSLContext = field(repr=False)
    token_file: Path | None = None
    token: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        token = self.token_file.read_text().strip() if self.token_file else self.token
        return {"Authorization": f"Bearer {token}"} if token else {}


def connection(environment: Mapping[str, str] = os.environ) -> Connection:
    """Return the pod's own connection, or that of the kubeconfig's current context.

    Raises:
        ConfigError: neither is there.
    """
    if host := environment.get("KUBERNETES_SERVICE_HOST"):
        port = environment.get("KUBERNETES_SERVICE_PORT", "443")
        address = f"[{host}]" if ":" in host else host
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        return Connection(
            server=f"https://{address}:{port}", tls=tls, token_file=SERVICE_ACCOUNT / "token"
        )
    path = Path(environment.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    if not path.exists():
        raise ConfigError(f"no service account and no kubeconfig at {path}: set KUBECONFIG")
    return from_kubeconfig(yaml.safe_load(path.read_text()))


def from_kubeconfig(config: Mapping[str, Any]) -> Connection:
    """Return the connection of a kubeconfig's current context."""
    context = _named(config, "contexts", config["current-context"])["context"]
    cluster = _named(config, "clusters", context["cluster"])["cluster"]
    user = _named(config, "users", context["user"])["user"]
    return Connection(server=cluster["server"], tls=_tls(cluster, user), token=user.get("token"))


def _named(config: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    for item in config.get(section, ()):
        if item["name"] == name:
            return dict(item)
    raise ConfigError(f"the kubeconfig has no {section[:-1]} {name!r}")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, key = _content(user, "client-certificate"), _content(user, "client-key")
    if certificate and key:
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(certificate + b"\n" + key)
            pem.flush()
            context.load_cert_chain(pem.name)
    return context


def _content(section: Mapping[str, Any], name: str) -> bytes | None:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data)
    return Path(section[name]).read_bytes() if section.get(name) else None
