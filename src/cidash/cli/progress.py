"""How far a download is: one line on a terminal's standard error, nothing elsewhere."""

import sys

from cidash.domain.format import size_text


class Progress:
    """Called with the bytes that came so far."""

    def __init__(self, name: str, total_bytes: int) -> None:
        self._name = name[:40]
        self._total = total_bytes
        self._shown = ""
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, size_bytes: int) -> None:
        """Shows it, when the line changes."""
        share = f" {min(100, size_bytes * 100 // self._total)}%" if self._total else ""
        line = f"{self._name}: {size_text(size_bytes)}{share}"
        if self._is_terminal and line != self._shown:
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = line

    def end(self) -> None:
        """Removes the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = ""
