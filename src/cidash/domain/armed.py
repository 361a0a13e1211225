"""Armed actions: commands that were confirmed for later, and wait for their moment as long as cidash runs."""

from dataclasses import dataclass
from datetime import datetime

from cidash.domain.command import Rerun
from cidash.domain.github_command import MergePull

ArmedCommand = Rerun | MergePull


@dataclass(frozen=True, slots=True)
class Armed:
    """A re-run "when re-runnable" or a merge "when green". It is pinned to its commit and never kept on disk."""

    id: int
    command: ArmedCommand
    armed_at: datetime
    waits_for: str = ""
    """Why it was not sent yet, as a clause: `CI is in progress`. Empty before the first look."""

    @property
    def sentence(self) -> str:
        """Names what is done when: `Merge #38 (KAN-76 Lint), kan-76 at a1b2c3d, into main by squash when green`."""
        return f"{self.command.sentence} {'when green' if isinstance(self.command, MergePull) else 'when re-runnable'}"
