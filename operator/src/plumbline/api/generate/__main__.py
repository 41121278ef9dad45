"""Writes everything that is generated: `python -m plumbline.api.generate`."""

import argparse
from pathlib import Path

from plumbline.api.generate import crd
from plumbline.api.generate.files import HEADER, to_yaml, write

REPOSITORY = Path(__file__).parents[5]


def main() -> None:
    """Write the generated files of this repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="where to write")
    root = parser.parse_args().root
    for definition in crd.definitions():
        plural, group = definition["metadata"]["name"].split(".", 1)
        write(root / "crds" / f"{group}_{plural}.yaml", f"{HEADER}---\n{to_yaml(definition)}")


if __name__ == "__main__":
    main()
