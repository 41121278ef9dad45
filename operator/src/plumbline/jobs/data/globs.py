"""Names with wildcards: `*` and `?` inside one folder, `**` across folders."""

import re

_WILD = re.compile(r"\*\*/|\*\*|\*|\?")
# Spark, Hive and Delta leave such names beside the data: _SUCCESS, ._SUCCESS.crc, _delta_log/. A
# folder such as _day=1 is a part of the data.
_NO_MARKER = r"(?!\.|_[^/=]*(?:/|\Z))"
_FOLDERS = rf"(?:{_NO_MARKER}[^/]*/)*"
_MEANS = {"**/": _FOLDERS, "**": rf"{_FOLDERS}{_NO_MARKER}[^/]*", "*": r"[^/]*", "?": r"[^/]"}


def is_glob(path: str) -> bool:
    """Whether the path stands for many names."""
    return "*" in path or "?" in path


def folder_of(path: str) -> str:
    """Return the folder above the first wildcard: only its content must be listed."""
    head = re.split(r"[*?]", path, maxsplit=1)[0]
    return head.rpartition("/")[0]


def matcher(path: str) -> re.Pattern[str]:
    """Return a regular expression that matches the same names as the glob.

    A wildcard at the begin of a name does not match the marker files of other tools.
    """
    pattern, last = "", 0
    for wild in _WILD.finditer(path):
        pattern += re.escape(path[last : wild.start()])
        begins = wild.start() == 0 or path[wild.start() - 1] == "/"
        pattern += (_NO_MARKER if begins and wild[0] in "*?" else "") + _MEANS[wild.group()]
        last = wild.end()
    return re.compile(pattern + re.escape(path[last:]) + r"\Z")
