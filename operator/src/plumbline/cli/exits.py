"""The exit codes, the same for every verb, and errors that end one."""

from enum import IntEnum

import click


class Exit(IntEnum):
    """How a verb ends, for scripts and CI."""

    FINE = 0
    """Nothing was found."""
    FOUND = 1
    """A column has drifted, or is broken."""
    WRONG = 2
    """The command or a file is wrong; nothing was compared."""
    UNKNOWN = 3
    """Nothing was found, but a change of usual size could not be seen in some column."""
    BUG = 70
    """An error of Plumbline itself."""


class Refused(click.ClickException):
    """The input is wrong: the message says what, where, and what to do."""

    exit_code = Exit.WRONG
