"""Where objects live: a URL and an environment become one client, without any secret in sight."""

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
    """A bucket, or a folder, with the environment that opens it.

    Attributes:
        url: such as `s3://bucket/prefix`, `gs://bucket`, `az://container` or `file:///dir`.
        environment: the AWS_ variables that apply here; never printed.
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
        """What stands before each key inside the bucket, without slashes at its ends."""
        return "" if self.scheme == "file" else unquote(urlsplit(self.url).path).strip("/")

    @property
    def endpoint(self) -> str:
        """Where S3 is spoken; empty for the cloud's own."""
        return self.environment.get("AWS_ENDPOINT_URL", "").rstrip("/")

    @property
    def region(self) -> str:
        """The region to sign for."""
        return self.environment.get("AWS_REGION") or "us-east-1"

    def __str__(self) -> str:
        """The place as a person would name it."""
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
        raise StoreError(f"{self.url}: unknown scheme; use s3://, gs://, az:// or file://.")

    def _connect_s3(self) -> S3Store:
        if not self.bucket:
            raise StoreError(f"{self.url}: no bucket; write s3://bucket or s3://bucket/prefix.")
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
                f"opening {self}: no complete credentials; the Secret must hold both "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        return key, secret
