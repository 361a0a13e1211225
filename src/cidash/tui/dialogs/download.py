"""Downloading an artifact: into which folder, how far it is, where it went."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cidash.domain.acting import Artifact
from cidash.domain.format import size_text
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.tui import look
from cidash.tui.columns import assemble
from cidash.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


class DownloadDialog(Dialog[None]):
    """Esc leaves at any time; what was half there by then is removed."""

    app: "CidashApp"

    def __init__(self, repository: RepositoryId, artifact: Artifact, folder: Path) -> None:
        super().__init__()
        self._repository = repository
        self._artifact = artifact
        self._folder = folder

    def compose(self) -> ComposeResult:
        """Yields the line for the folder and the line that says how far it is."""
        one = self._artifact
        with Vertical(id="box"):
            yield Static(Content(f"Download {one.name} ({size_text(one.size_bytes)})"), classes="heading", markup=False)
            yield Static(Content("a new folder of its name is made in"), classes="label", markup=False)
            yield Input(str(self._folder), id="folder", select_on_focus=False)
            yield Static(id="state", classes="sentence", markup=False)
            yield Static(assemble(("Enter", "$primary bold"), (" download   ", look.MUTED), ("Esc", "$primary bold"),
                                  " leave"), classes="hint", markup=False)  # fmt: skip

    def on_mount(self) -> None:
        """Starts with the folder."""
        self.query_one("#folder").focus()

    @on(Input.Submitted)
    def _start(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._download(Path(event.value.strip()).expanduser())

    @work(exclusive=True, group="download")
    async def _download(self, folder: Path) -> None:
        self._show(0)
        try:
            target = await self.app.engine.github.download(self._repository, self._artifact, folder, self._show)
        except SourceError as error:
            self._say(assemble(("✗ ", look.BAD), error.problem.sentence))
            return
        self.app.say(f"{self._artifact.name} is in {target}")
        self.dismiss(None)

    def _show(self, size_bytes: int) -> None:
        total = self._artifact.size_bytes
        share = f" of {size_text(total)}" if total else ""
        self._say(assemble(("◐ ", look.BUSY), f"{size_text(size_bytes)}{share}"))

    def _say(self, text: Content) -> None:
        if self.is_attached:
            self.query_one("#state", Static).update(text)
