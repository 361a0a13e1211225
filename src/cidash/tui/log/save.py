"""Where a log is saved to: a name is asked for, and nothing is ever overwritten."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cidash.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from cidash.github.log_file import LogFile


class SaveDialog(Dialog[str]):
    """Asks for the name of the file; dismissed with it."""

    def __init__(self, suggestion: str) -> None:
        super().__init__()
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        """Yields the question."""
        with Vertical(id="box"):
            yield Static(Content("Save the log as it is to"), classes="heading", markup=False)
            yield Input(self._suggestion, id="name", select_on_focus=False)
            yield Static(Content("Enter saves, Esc leaves. A file that is there stays."), classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Takes the name."""
        if event.value.strip():
            self.dismiss(event.value.strip())


def suggested_name(job_name: str, job_id: int) -> str:
    """Returns a harmless file name for a job's log."""
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', job_name).strip('-')[:60] or 'job'}-{job_id}.log"


async def save(file: "LogFile", path: Path) -> str:
    """Writes the whole log into a new file; returns the sentence that tells how it went."""
    try:
        with path.open("xb") as out:
            for chunk in file.bytes():
                out.write(chunk)
                await asyncio.sleep(0)
    except FileExistsError:
        return f"{path} is there already, and stays as it is: choose another name."
    except (OSError, ValueError) as error:
        return f"{path} could not be written: {getattr(error, 'strerror', None) or error}."
    return f"Saved to {path}."
