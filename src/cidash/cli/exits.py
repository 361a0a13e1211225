"""Exit codes, the same for every command, and the error for what was asked in a way that can't be answered."""

from typing import Final

OK: Final = 0
"""A reading command printed an answer; a write was read back."""
REFUSED: Final = 1
"""No answer at all; a write was refused; with --exit-status something is missed."""
UNKNOWN: Final = 2
"""Sent, but what became of it is not known; with --exit-status something is not proven or unknown."""
USAGE: Final = 64
"""The command line or the configuration is wrong."""
INTERNAL: Final = 70
"""A mistake of cidash."""
INTERRUPTED: Final = 130
"""Ctrl+C."""


class UsageError(Exception):
    """The command line can't be carried out as it is; `str()` is the whole sentence."""
