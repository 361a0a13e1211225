"""A program in a real pseudo-terminal, and the screen that it draws. Standard library only; POSIX only."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import resource

_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|[\]P_^X](?P<text>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|[ -/]*[0-OQ-WYZ\\`-~])"
)
_INCOMPLETE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?|[ -/]*)?$")
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "ctrl+c": "\x03",
}


class Screen:
    """What a terminal would show: enough of one for a program that places its text with cursor addresses."""

    def __init__(self, columns: int, rows: int) -> None:
        self.alternate = False
        self.cursor_shown = True
        self.mouse = False
        self._rest = ""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Starts anew at another size: a full-screen program draws everything again."""
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def text(self) -> str:
        """The text as a whole."""
        return "\n".join(self.lines)

    def feed(self, text: str) -> None:
        """Takes what the program wrote."""
        text, at = self._rest + text, 0
        self._rest = ""
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
            elif found := _ESCAPE.match(text, at):
                at = found.end()
                if found["final"] and not found["between"]:
                    self._control(found["parameters"], found["final"])
            elif _INCOMPLETE.match(text, at):
                self._rest = text[at:]
                return
            else:
                at += 1

    def _put(self, char: str) -> None:
        if char == "\r":
            self._column = 0
        elif char == "\n":
            self._row = min(self._row + 1, self.rows - 1)
        elif char == "\b":
            self._column = max(0, self._column - 1)
        elif char >= " " and unicodedata.combining(char) == 0 and char not in "\u200d\ufe0e\ufe0f":
            width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            if self._column + width > self.columns:
                self._column, self._row = 0, min(self._row + 1, self.rows - 1)
            self._cells[self._row][self._column] = char
            if width == 2:
                self._cells[self._row][self._column + 1] = ""
            self._column += width

    def _control(self, parameters: str, final: str) -> None:
        if parameters.startswith("?"):
            if final in "hl":
                for mode in parameters[1:].split(";"):
                    self._set_mode(mode, on=final == "h")
            return
        numbers = [int(one) if one.isdigit() else 0 for one in parameters.split(";")]
        first = numbers[0]
        match final:
            case "H" | "f":
                column = numbers[1] if len(numbers) > 1 else 1
                self._row = min(max(first, 1), self.rows) - 1
                self._column = min(max(column, 1), self.columns) - 1
            case "A":
                self._row = max(0, self._row - max(first, 1))
            case "B":
                self._row = min(self.rows - 1, self._row + max(first, 1))
            case "C":
                self._column = min(self.columns - 1, self._column + max(first, 1))
            case "D":
                self._column = max(0, self._column - max(first, 1))
            case "J" if first in (2, 3):
                self._cells = [[" "] * self.columns for _ in range(self.rows)]
            case "K" if first == 0:
                self._cells[self._row][self._column :] = [" "] * (self.columns - self._column)
            case _:
                pass

    def _set_mode(self, mode: str, *, on: bool) -> None:
        if mode == "1049":
            self.alternate = on
            self._cells = [[" "] * self.columns for _ in range(self.rows)]
        elif mode == "25":
            self.cursor_shown = on
        elif mode in ("1000", "1003"):
            self.mouse = on


class PseudoTerminal:
    """One program with a terminal of its own: it leads its session, so it is told of resizing and hanging up."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        columns: int = 120,
        rows: int = 40,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        ignores_hangup: bool = False,
    ) -> None:
        """Starts the program.

        Args:
            arguments: the program and its arguments.
            columns: width of the terminal.
            rows: height of the terminal.
            environ: what is in its environment besides the kind of terminal.
            cwd: its folder.
            ignores_hangup: whether it is started as `nohup` does.
        """
        self.screen = Screen(columns, rows)
        self.bytes_seen = 0
        self.usage: resource.struct_rusage | None = None
        """What the program used, once it has ended."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._main, self._far = pty.openpty()
        self._set_size(columns, rows)
        self._modes_before = termios.tcgetattr(self._far)
        where = os.ttyname(self._far)
        # A shell that leads a session gets the terminal that it opens first as its own, then becomes the program.
        trap = "trap '' HUP; " if ignores_hangup else ""
        shell = ["/bin/sh", "-c", trap + 'exec <"$0" >"$0" 2>&1; exec "$@"', where, *map(str, arguments)]
        given = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            shell, env={**given, "COLORTERM": "truecolor", **(environ or {})}, cwd=cwd, start_new_session=True
        )
        self._ended: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def modes_are_restored(self) -> bool:
        """Whether the terminal echoes and edits lines as before the program, and shows the main screen and cursor."""
        same = termios.tcgetattr(self._far)[:4] == self._modes_before[:4]
        return same and not self.screen.alternate and self.screen.cursor_shown and not self.screen.mouse

    def pump(self, seconds: float) -> bool:
        """Reads what the program writes, at most that long; returns whether there was anything."""
        if self._main < 0:
            time.sleep(min(seconds, 0.02))
            return False
        ready, _, _ = select.select([self._main], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._main, 1 << 16)
        except OSError:
            return False
        self.bytes_seen += len(data)
        self.screen.feed(self._decoder.decode(data))
        return bool(data)

    def read_for(self, seconds: float) -> None:
        """Reads for that long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.pump(left)

    def wait_until(self, reached: Callable[[Screen], bool], what: str, seconds: float = 15.0) -> float:
        """Reads until the screen is so; returns the seconds that took.

        Raises:
            AssertionError: it never was; the message shows the screen.
        """
        begun = time.perf_counter()
        while not reached(self.screen):
            left = begun + seconds - time.perf_counter()
            if left <= 0 or (self._poll() is not None and not self.pump(0.05)):
                state = "still running" if self._ended is None else f"ended with {self._ended}"
                raise AssertionError(f"not seen: {what} (program {state})\n{self.screen.text}")
            self.pump(min(left, 0.1))
        return time.perf_counter() - begun

    def wait_for(self, *texts: str, seconds: float = 15.0) -> float:
        """Reads until all these texts are on the screen; returns the seconds that took."""
        return self.wait_until(lambda screen: all(text in screen.text for text in texts), ", ".join(texts), seconds)

    def press(self, *keys: str) -> None:
        """Types: names of `KEYS`, or the characters themselves."""
        for key in keys:
            os.write(self._main, KEYS.get(key, key).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Gives the terminal another size; the program is told by a signal."""
        self.screen.resize(columns, rows)
        self._set_size(columns, rows)

    def wait_for_end(self, seconds: float = 5.0) -> int:
        """Reads until the program has ended; returns its exit code, below 0 for a signal.

        Raises:
            AssertionError: it did not end in time.
        """
        end = time.perf_counter() + seconds
        while self._poll() is None:
            if time.perf_counter() > end:
                raise AssertionError(f"the program did not end\n{self.screen.text}")
            self.pump(0.02)
        while self.pump(0.02):
            pass
        assert self._ended is not None
        return self._ended

    def kill(self) -> None:
        """Ends the program as `kill -9` does."""
        self._process.kill()

    def hang_up(self) -> None:
        """Takes the terminal away, as a lost connection does."""
        if self._main >= 0:
            os.close(self._main)
            os.close(self._far)
            self._main = -1

    def close(self) -> None:
        """Ends the program if it still runs, and closes the terminal; does nothing the second time."""
        if self._poll() is None:
            self._process.send_signal(signal.SIGKILL)
            while self._poll() is None:
                self.pump(0.02)
        self.hang_up()

    def _poll(self) -> int | None:
        """Returns the exit code, or None; keeps what the program used."""
        if self._ended is None:
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._ended = self._process.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage
        return self._ended

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
