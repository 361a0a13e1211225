"""Which runs tell when they end: chosen one by one, off by default. The terminal is told by bell and by OSC 9."""

from collections.abc import Mapping

from cidash.domain.ci import Run
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.domain.text import clean
from cidash.tui import look

_TEXT = 200


class Bells:
    """Remembers the runs whose end is to be told; each tells once."""

    def __init__(self) -> None:
        self._wanted: set[tuple[RepositoryId, int]] = set()

    @property
    def wanted(self) -> frozenset[tuple[RepositoryId, int]]:
        """Repository and run id of every run that is to tell."""
        return frozenset(self._wanted)

    def toggle(self, run: Run) -> bool:
        """Turns it on or off for a run; returns whether it is on now."""
        key = (run.repository, run.id)
        self._wanted ^= {key}
        return key in self._wanted

    def ended(self, snapshot: Snapshot) -> list[Run]:
        """Returns the chosen runs that have ended by now, and forgets them."""
        found = [
            run
            for repository in snapshot.repositories
            for run in repository.runs.data or ()
            if (run.repository, run.id) in self._wanted and run.status == "completed"
        ]
        self._wanted -= {(run.repository, run.id) for run in found}
        return found


def sentence(run: Run) -> str:
    """Returns what is told of a run that has ended."""
    attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
    return f"{run.workflow_name} of {run.branch or run.event}{attempt}: {look.of_state(run.state).word}"


def desktop_notice(text: str, environ: Mapping[str, str]) -> str:
    """Returns the bytes that make a terminal show a desktop notice (OSC 9), through tmux where it is in between.

    The text is a stranger's: control characters and what ends the sequence early are gone.
    """
    notice = f"\x1b]9;{clean(text, _TEXT)}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + notice.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return notice
