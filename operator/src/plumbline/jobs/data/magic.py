"""What a file is by its first bytes, when it is not what spec.format says."""

from pathlib import Path

from plumbline.jobs.failures import JobFailed

_LONGEST = 64
_UNPACK = "Unpack it, or compress it with gzip"
_WRITE = "Write it as csv or Parquet"
_PARQUET = b"PAR1"
# First bytes, what the file is, and what to do.
_KNOWN = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", f"{_UNPACK}, or save the sheet as csv"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as csv"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (b"BZh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip file", _UNPACK),
    (b"\x04\x22\x4d\x18", "compressed with lz4", _UNPACK),
    (b"ORC", "an ORC file", _WRITE),
    (b"Obj\x01", "an Avro file", _WRITE),
    (b"ARROW1", "an Arrow file", _WRITE),
    (b"SQLite format 3\x00", "a SQLite database", _WRITE),
    (b"%PDF-", "a PDF document", _WRITE),
    (b"\x89HDF", "an HDF5 file", _WRITE),
    (b"\x80\x04\x95", "a Python pickle", _WRITE),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml")


def refuse_other(path: Path, name: str, format_: str) -> None:
    """Refuse a file of another format, in which a parser finds only torn lines.

    Raises:
        JobFailed: it has another format than `format_`, csv or parquet.
    """
    with path.open("rb") as file:
        head = file.read(_LONGEST)
    if found := _other(head, format_):
        what, advice = found
        raise JobFailed("SourceUnreadable", f"{name} is not {format_}: it is {what}. {advice}.")


def _other(head: bytes, format_: str) -> tuple[str, str] | None:
    page = ("a page of HTML or XML, such as an error or a login", "Check spec.source.uri")
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PAGES):
        return page
    # A csv file may begin with a column PAR1 or ORCID, but has no control characters.
    if not any(byte < ord("\t") or ord("\r") < byte < ord(" ") for byte in head):
        return None
    if head.startswith(_PARQUET):
        other = ("a Parquet file", "Set spec.format to parquet")
        return other if format_ == "csv" else None
    if format_ == "parquet" and head.startswith(b"\x1f\x8b"):
        return "compressed with gzip", "Unpack it; Parquet is compressed inside"
    return next(((what, advice) for first, what, advice in _KNOWN if head.startswith(first)), None)
