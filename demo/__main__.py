"""Runs the demo, prints its results and writes them to demo/result.json."""

import asyncio
import json
import sys
from pathlib import Path

from rich.table import Table

from demo import failures, flights, promises, story
from demo.cluster import StoryError

RESULT = Path(__file__).parent / "result.json"


def main() -> int:
    """Run the demo; 0 if nothing failed and every promise was kept."""
    told = story.Story(rows=flights.table())
    try:
        asyncio.run(_tell(told))
    except (StoryError, AssertionError) as error:
        story.console.print(f"[red]The demo failed:[/red] {error}")
        return 1
    finally:
        _write(told)
    _print(told)
    broken = promises.broken(told.result)
    for sentence in broken:
        story.console.print(f"[red]A promise was not kept:[/red] {sentence}")
    return 1 if broken else 0


async def _tell(told: story.Story) -> None:
    await story.tell(told)
    await failures.tell(told)


def _write(told: story.Story) -> None:
    traffic = told.traffic
    told.result |= {"requests": traffic.requests, "failed": traffic.failed, "stages": told.stages}
    RESULT.write_text(json.dumps(told.result, indent=2) + "\n")


def _print(told: story.Story) -> None:
    table = Table(title="Results")
    table.add_column("name")
    table.add_column("value", justify="right")
    for name, value in {**told.result, **told.stages}.items():
        if name != "stages":
            table.add_row(name, str(value))
    story.console.print(table)
    story.console.print("The cluster and all objects stay. To look at them, run:")
    look = 'eval "$(hack/cluster env)" && kubectl --namespace flights get mlops'
    story.console.print(f"  {look}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
