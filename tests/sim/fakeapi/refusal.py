"""What the fake API server refuses, in the words and numbers of the real one."""

from typing import Any


class Refusal(Exception):
    """An answer with a Status object instead of what was asked for."""

    def __init__(
        self, code: int, reason: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.headers = code, reason, headers or {}

    def status(self) -> dict[str, Any]:
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "reason": self.reason,
            "message": str(self),
            "code": self.code,
        }


def not_found(what: str) -> Refusal:
    return Refusal(404, "NotFound", f"{what} not found")


def conflict(what: str, why: str) -> Refusal:
    return Refusal(409, "Conflict", f"Operation cannot be fulfilled on {what}: {why}")


def already_exists(what: str) -> Refusal:
    return Refusal(409, "AlreadyExists", f"{what} already exists")


def too_old() -> Refusal:
    return Refusal(410, "Expired", "too old resource version")


def invalid(message: str) -> Refusal:
    return Refusal(422, "Invalid", message)
