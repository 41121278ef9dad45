"""`python -m tests.perf [NAME ...]` runs the benches, all by default, one after the other."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benches() -> list[str]:
    """Return the names of the packages below that can be run."""
    return sorted(path.parent.name for path in HERE.glob("*/__main__.py"))


def main(wanted: list[str]) -> int:
    """Run the benches; 1 when one failed, 2 when a name is unknown."""
    known = benches()
    if unknown := sorted(set(wanted) - set(known)):
        print(f"no bench {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or known:
        print(f"== {name}", flush=True)
        words = [sys.executable, "-m", f"{__package__}.{name}"]
        failed |= subprocess.run(words, cwd=HERE.parents[1], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
