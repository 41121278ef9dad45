"""The location of a store: its URL and environment, and the client for it; secrets are hidden."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store

from plumbline.store.errors import CredentialsRefused, StoreError

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_RETRY: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=40)}


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket or a folder, with the environment variables for access.

    Attributes:
        url: such as `s3://bucket/prefix`, `gs://bucket`, `az://container` or `file:///dir`.
        environment: the AWS_ variables; never printed.
    """

    url: str
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def scheme(self) -> str:
        """`s3`, `file`, ..."""
        return urlsplit(self.url).scheme

    @property
    def bucket(self) -> str:
        """The bucket's name; empty for a folder."""
        return urlsplit(self.url).netloc

    @property
    def prefix(self) -> str:
        """The prefix of each key in the bucket, without slashes at its ends."""
        return "" if self.scheme == "file" else unquote(urlsplit(self.url).path).strip("/")

    @property
    def endpoint(self) -> str:
        """The endpoint of an S3 store; empty for AWS."""
        return self.environment.get("AWS_ENDPOINT_URL", "").rstrip("/")

    @property
    def region(self) -> str:
        """The region for signatures."""
        return self.environment.get("AWS_REGION") or "us-east-1"

    def __str__(self) -> str:
        """The location as text for messages."""
        place = self.url if self.scheme == "file" else f"{self.scheme}://{self.bucket}"
        return f"{place} at {self.endpoint}" if self.scheme == "s3" and self.endpoint else place

    def connect(self) -> ObjectStore:
        """Return a client for the bucket (or folder) itself; keys then begin with `prefix`."""
        if self.scheme == "file":
            return LocalStore(Path(unquote(urlsplit(self.url).path)), mkdir=True)
        if self.scheme == "s3":
            return self._connect_s3()
        if self.scheme == "gs":
            return GCSStore(self.bucket, retry_config=_RETRY)
        if self.scheme == "az":
            return AzureStore(self.bucket, retry_config=_RETRY)
        raise StoreError(
            f"The store URL {self.url} has an unknown scheme. Use s3://, gs://, az:// or file://."
        )

    def _connect_s3(self) -> S3Store:
        if not self.bucket:
            raise StoreError(
                f"The store URL {self.url} has no bucket. Use s3://bucket or s3://bucket/prefix."
            )
        key, secret = self._credentials()
        return S3Store(
            self.bucket,
            region=self.region,
            endpoint=self.endpoint or f"https://s3.{self.region}.amazonaws.com",
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=300),
            },
            retry_config=_RETRY,
            config={"access_key_id": key, "secret_access_key": secret} if key else {},
        )

    def _credentials(self) -> tuple[str, str]:
        key = self.environment.get("AWS_ACCESS_KEY_ID", "")
        secret = self.environment.get("AWS_SECRET_ACCESS_KEY", "")
        if bool(key) != bool(secret) or (self.endpoint.startswith("http://") and not key):
            raise CredentialsRefused(
                f"Cannot open {self}: the credentials are incomplete. The Secret must have both "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        return key, secret
