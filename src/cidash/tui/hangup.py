"""Noticing that the terminal is gone: without this, a lost terminal would spin a core for ever."""

import select
import sys


def terminal_is_gone() -> bool:
    """Returns whether standard input has been hung up; False where that cannot be told."""
    if not hasattr(select, "poll"):
        return False
    try:
        number = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        if number < 0:
            return False
        poll = select.poll()
        poll.register(number, 0)  # hang-up and error are always reported
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False
