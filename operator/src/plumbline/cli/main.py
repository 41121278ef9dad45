"""The verbs. A verb's module is imported only when it is used, so that `plumbline --help` is fast.

A verb is one file with a command of its name. Heavy imports belong inside its function: completion
and help must not wait for them.
"""

import sys
import traceback
from importlib import import_module

import click

from plumbline import __version__
from plumbline.cli.exits import Exit

VERBS = ("backtest", "completion", "drift")


class Verbs(click.Group):
    """The group of all verbs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb."""
        if cmd_name not in VERBS:
            return None
        found: click.Command = getattr(import_module(f"plumbline.cli.{cmd_name}"), cmd_name)
        return found


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plumbline")
def plumbline() -> None:
    """Take a model from data to production, and keep it good there."""


def main() -> None:
    """Run the command line."""
    try:
        plumbline(prog_name="plumbline")
    except Exception as error:
        # Python would exit with 1, which says that drift was found.
        traceback.print_exc()
        click.echo(f"This is an error of Plumbline: {type(error).__name__}.", err=True)
        sys.exit(Exit.BUG)
