"""Names with wildcards: `*` and `?` inside one folder, `**` across folders."""

import re

_WILD = re.compile(r"\*\*/|\*\*|\*|\?")
_MEANS = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def is_glob(path: str) -> bool:
    """Whether the path stands for many names."""
    return "*" in path or "?" in path


def folder_of(path: str) -> str:
    """Return the folder above the first wildcard: only its content must be listed."""
    head = re.split(r"[*?]", path, maxsplit=1)[0]
    return head.rpartition("/")[0]


def matcher(path: str) -> re.Pattern[str]:
    """Return a regular expression that matches the same names as the glob."""
    pattern, last = "", 0
    for wild in _WILD.finditer(path):
        pattern += re.escape(path[last : wild.start()]) + _MEANS[wild.group()]
        last = wild.end()
    return re.compile(pattern + re.escape(path[last:]) + r"\Z")
