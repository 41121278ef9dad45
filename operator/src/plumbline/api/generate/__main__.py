"""Writes everything that is generated: `python -m plumbline.api.generate`."""

import argparse
from collections.abc import Iterator
from pathlib import Path, PurePath

from plumbline.api.generate import chart, crd, docs, install
from plumbline.api.generate.files import HEADER, to_yaml, write

REPOSITORY = Path(__file__).parents[5]


def main() -> None:
    """Write the generated files of this repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="where to write")
    parser.add_argument("--helm", help="helm binary; manifests/install.yaml is written with it")
    arguments = parser.parse_args()
    for path, text in files():
        write(arguments.root / path, text)
    if arguments.helm:
        chart_path = arguments.root / "charts/plumbline"
        text = install.render(arguments.helm, chart_path)
        write(arguments.root / "manifests/install.yaml", text)


def files() -> Iterator[tuple[PurePath, str]]:
    """Yield path and text of each file that the models alone decide."""
    for definition in crd.definitions():
        plural, group = definition["metadata"]["name"].split(".", 1)
        yield PurePath("crds", f"{group}_{plural}.yaml"), f"{HEADER}---\n{to_yaml(definition)}"
    for path, text in chart.files():
        yield PurePath("charts/plumbline", path), text
    yield PurePath("docs/reference/api.md"), docs.reference()


if __name__ == "__main__":
    main()
