"""A terminal that is gone: noticing it, and not failing on it. Else the program would spin a core or hang for ever."""

import select
import sys
from contextlib import suppress
from typing import Any

from textual.driver import Driver


def outliving(driver: type[Driver]) -> type[Driver]:
    """Returns the driver with an output that forgets what can't be written any more.

    Textual's writer thread ends at the first error. Its short queue then fills up, and whoever draws next waits for
    ever. It hangs on a private attribute of Textual's drivers: a test in tests/e2e holds it in place.
    """

    class OutlivingDriver(driver):  # type: ignore[valid-type, misc]
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            stream = getattr(self, "_file", None)
            if stream is not None:
                self._file = _Forgetful(stream)

    return OutlivingDriver


class _Forgetful:
    """A text stream whose writes never fail."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


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
