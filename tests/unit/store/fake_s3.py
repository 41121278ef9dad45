"""A small S3 server in the test process: enough for one client, and its refusals."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

DATE = "Mon, 02 Nov 2026 10:00:00 GMT"


@dataclass
class World:
    """Buckets with their objects, and the one access key that opens them."""

    key: str = "alice"
    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    url: str = ""
    gets: list[str] = field(default_factory=list)
    parts: dict[int, bytes] = field(default_factory=dict)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return what a client needs to come in."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": "not-looked-at",
            **changes,
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._allowed():
            return
        bucket, key = self._place()
        if not key:
            exists = bucket in self.world.buckets
            self.world.buckets.setdefault(bucket, {})
            self._answer(409 if exists else 200)
        elif bucket not in self.world.buckets:
            self._error(404, "NoSuchBucket")
        elif "partNumber" in self._query():
            self.world.parts[int(self._query()["partNumber"][0])] = body
            self._answer(200, headers={"ETag": _etag(body)})
        elif self.headers.get("If-None-Match") == "*" and key in self.world.buckets[bucket]:
            self._error(412, "PreconditionFailed")
        else:
            self.world.buckets[bucket][key] = body
            self._answer(200, headers={"ETag": _etag(body)})

    def do_POST(self) -> None:
        """Begin or end an upload in parts, of which there is one at a time."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._allowed():
            return
        bucket, key = self._place()
        if bucket not in self.world.buckets:
            self._error(404, "NoSuchBucket")
        elif "uploads" in self._query():
            self.world.parts.clear()
            self._upload("Initiate", f"<Bucket>{bucket}</Bucket><UploadId>1</UploadId>")
        else:
            parts = [part for _, part in sorted(self.world.parts.items())]
            self.world.buckets[bucket][key] = b"".join(parts)
            self._upload("Complete", f"<ETag>{_etag(b''.join(parts))}</ETag>")

    def do_GET(self) -> None:
        if not self._allowed():
            return
        bucket, key = self._place()
        if bucket not in self.world.buckets:
            self._error(404, "NoSuchBucket")
        elif not key:
            self._list(bucket)
        elif key not in self.world.buckets[bucket]:
            self._error(404, "NoSuchKey")
        else:
            content = self.world.buckets[bucket][key]
            if self.command == "GET":
                self.world.gets.append(key)
            self._answer(200, content, {"ETag": _etag(content), "Last-Modified": DATE})

    do_HEAD = do_GET

    def _list(self, bucket: str) -> None:
        prefix = self._query().get("prefix", [""])[0]
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-02T10:00:00.000Z"
            f"</LastModified><ETag>{_etag(body)}</ETag><Size>{len(body)}</Size></Contents>"
            for key, body in sorted(self.world.buckets[bucket].items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"
        self._answer(200, text.encode())

    def _allowed(self) -> bool:
        text = self.headers.get("Authorization", "") + unquote(self.path)
        found = re.search(r"Credential=([^/]+)/", text)
        if found and found.group(1) == self.world.key:
            return True
        self._error(403, "InvalidAccessKeyId")
        return False

    def _upload(self, verb: str, content: str) -> None:
        name = f"{verb}MultipartUploadResult"
        self._answer(200, f"<{name}><Key>key</Key>{content}</{name}>".encode())

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _place(self) -> tuple[str, str]:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return bucket, key

    def _error(self, code: int, word: str) -> None:
        self._answer(code, f"<Error><Code>{word}</Code><Message>no</Message></Error>".encode())

    def _answer(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@contextmanager
def running() -> Iterator[World]:
    """Serve until the block ends."""
    world = World()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"world": world}))
    server.daemon_threads = True
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
