"""The verb `completion`, and completion for `kubectl plumbline`."""

import sys

import click
from click.shell_completion import ShellComplete, get_completion_class

# How completion in kubectl (Cobra) says that names of files may follow, or may not.
_FILES, _NO_FILES = 0, 4


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes plumbline's words in a shell.

    For bash, add this line to ~/.bashrc: eval "$(plumbline completion bash)"
    """
    from plumbline.cli.main import plumbline

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"Completion for {shell} is not known.")
    click.echo(kind(plumbline, {}, "plumbline", "_PLUMBLINE_COMPLETE").source())


def for_kubectl() -> None:
    """Print what may follow, as kubectl asks the program kubectl_complete-plumbline."""
    from plumbline.cli.main import plumbline

    *before, last = sys.argv[1:] or [""]
    found = ShellComplete(plumbline, {}, "plumbline", "").get_completions(before, last)
    plain = [each for each in found if each.type == "plain"]
    for each in plain:
        click.echo(f"{each.value}\t{each.help or ''}".rstrip())
    click.echo(f":{_NO_FILES if len(plain) == len(found) else _FILES}")
