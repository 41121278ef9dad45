"""Writes everything that is generated: `python -m hack.generate`."""

import argparse
from collections.abc import Iterator
from pathlib import Path, PurePath

from hack.generate import argocd, chart, command, crd, docs, install
from hack.generate.files import HEADER, to_yaml, write

REPOSITORY = Path(__file__).parents[2]
CHART, ARGOCD = PurePath("charts/plumbline"), PurePath("manifests/argocd")
INSTALL = PurePath("manifests/install.yaml")


def main() -> None:
    """Write the generated files of this repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="where to write")
    parser.add_argument("--helm", help="helm binary; manifests/install.yaml is rendered with it")
    arguments = parser.parse_args()
    root: Path = arguments.root
    for path, text in files(REPOSITORY):
        write(root / path, text)
    head = install.head(arguments.helm, root / CHART) if arguments.helm else _head()
    write(root / INSTALL, install.manifests(head))


def _head() -> str:
    """Return the part of the plain manifests that only Helm can render, as last committed."""
    return install.head_of((REPOSITORY / INSTALL).read_text())


def files(repository: Path) -> Iterator[tuple[PurePath, str]]:
    """Yield path and text of each generated file that does not need Helm."""
    for definition in crd.definitions():
        plural, group = definition["metadata"]["name"].split(".", 1)
        yield PurePath("crds", f"{group}_{plural}.yaml"), f"{HEADER}---\n{to_yaml(definition)}"
    for path, text in chart.files():
        yield CHART / path, text
    yield PurePath("docs/reference/api.md"), docs.reference()
    yield PurePath("docs/reference/cli.md"), command.reference()
    script = (repository / ARGOCD / "health.lua").read_text()
    yield ARGOCD / "argocd-cm.yaml", argocd.config_map(script)


if __name__ == "__main__":
    main()
