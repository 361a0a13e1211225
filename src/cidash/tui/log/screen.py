"""The log screen: reads the log of a finished job, or shows the steps of a running one until its log is there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from cidash.analysis.duration import elapsed_seconds, step_elapsed_seconds
from cidash.domain.ci import Job, Run
from cidash.domain.format import count_text, seconds_text
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.snapshot import Snapshot
from cidash.domain.state import State
from cidash.tui import browser, keys, look
from cidash.tui.columns import assemble
from cidash.tui.footer import FooterLine
from cidash.tui.log.annotations import annotation_lines
from cidash.tui.log.view import LogView
from cidash.tui.pane import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from cidash.tui.app import CidashApp

_RETRY_SECONDS = (2.0, 4.0, 8.0, 15.0, 30.0)
_LATE_SECONDS = 120
_PROGRESS_BYTES = 1_000_000
_KEYS = ("log.fold", "log.search", "log.next_match", "log.failed", "log.save", "log.help")
_KEYS_BEFORE = ("log.browser", "log.back", "log.help")


class LogScreen(Screen[None]):
    """One job's log over the view that it was opened from."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("log")

    app: "CidashApp"

    def __init__(self, run: Run, job: Job) -> None:
        super().__init__()
        self._run = run
        self._job = job
        self._unsubscribe: Callable[[], None] | None = None
        self._reading = False
        self._opened = False
        self._note = ""
        self._is_up = False

    def compose(self) -> ComposeResult:
        """Yields title, annotations, the log, what is to be said, the footer."""
        yield Line(id="log-title")
        yield Static(Content(""), id="annotations", markup=False)
        yield Static(Content(""), id="notice", markup=False)
        yield LogView()
        yield Line(id="log-status")
        yield FooterLine(self.app.key_overrides)

    def on_mount(self) -> None:
        """Begins to read, or shows the steps."""
        self.log_view = self.query_one(LogView)
        self._is_up = True
        self.query_one("#annotations").display = False
        self._unsubscribe = self.app.engine.subscribe(self._on_snapshot)
        self.set_interval(1.0, self._show)
        self.log_view.focus()
        self._begin()
        self._show()

    def on_unmount(self) -> None:
        """Lets go of the file."""
        self._is_up = False
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self.log_view.file is not None:
            self.log_view.file.close()

    # -- reading ------------------------------------------------------------------------------------------------

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        repository = snapshot.repository(self._run.repository)
        part = repository.jobs.get((self._run.id, self._job.attempt)) if repository is not None else None
        for job in (part.data or ()) if part is not None else ():
            if job.id == self._job.id and job != self._job:
                self._job = job
                self._begin()
                self._show()

    def _begin(self) -> None:
        if not self._opened and not self._reading and not self._job.state.is_active:
            if self._job.state is State.SKIPPED:
                self._note = "The job was skipped, so it has no log."
                return
            self._reading = True
            self._read_log()
            self._read_annotations()

    @work(group="log", exclusive=True)
    async def _read_log(self) -> None:
        shown = 0

        def on_bytes(size: int) -> None:
            nonlocal shown
            if size - shown >= _PROGRESS_BYTES or not shown:
                shown = size
                self._note = f"Reading the log… {size / 1_000_000:.0f} MB"
                self._show()

        self._note = "Reading the log…"
        for wait in (*_RETRY_SECONDS, None):
            try:
                file = await self.app.engine.logs.open(self._run.repository, self._job.id, on_bytes)
            except SourceError as error:
                self._note = error.problem.sentence
                late = error.problem.kind is ProblemKind.NOT_FOUND and not self._ended_long_ago()
                if wait is None or not (late or error.problem.kind is ProblemKind.UNREACHABLE):
                    break
                self._note += f" Asked again in {wait:.0f} s."
                self._show()
                await self.app.clock.sleep(wait)
                continue
            self._opened = True
            self._note = file.problem.sentence if file.problem is not None else ""
            self.query_one("#notice").display = False
            self.log_view.open(file, self._job)
            break
        self._reading = False
        self._show()

    @work(group="annotations", exclusive=True)
    async def _read_annotations(self) -> None:
        try:
            found = await self.app.engine.logs.annotations(self._run.repository, self._job.id)
        except SourceError:
            return  # the log tells the same, later in the text
        if found:
            box = self.query_one("#annotations", Static)
            box.update(annotation_lines(found))
            box.display = True

    def _ended_long_ago(self) -> bool:
        ended = self._job.completed_at
        return ended is None or (self.app.clock.now() - ended).total_seconds() > _LATE_SECONDS

    # -- drawing ------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        if not self._is_up:
            return
        job, now = self._job, self.app.clock.now()
        state = look.of_state(job.state)
        title = assemble(
            " ", (self._run.workflow_name, look.MUTED), (" / ", look.FAINT), (job.name, look.STRONG), "  ",
            (f"{state.glyph} {state.word} {seconds_text(elapsed_seconds(job, now))}", state.style), "  ",
            (self._run.short_sha, look.CALM), (f"  attempt {job.attempt}", look.MUTED),
        )  # fmt: skip
        self.query_one("#log-title", Line).put(title)
        self.query_one("#log-status", Line).put(self._status())
        self.query_one(FooterLine).show(_KEYS if self._opened else _KEYS_BEFORE)
        if not self._opened:
            self.query_one("#notice", Static).update(self._steps() if job.state.is_active else Content(self._note))

    def _status(self) -> Content:
        file = self.log_view.file
        if file is None:
            return Content("")
        pieces: list[str | tuple[str, str]] = [
            (f" line {count_text(self.log_view.line + 1)} of {count_text(file.index.lines)}", look.MUTED)
        ]
        if self.log_view.selected_rows:
            pieces.append((f"   {count_text(self.log_view.selected_rows)} selected", look.BUSY))
        if self.log_view.only_failed:
            pieces.append(("   failed steps only", look.BUSY))
        if self.log_view.pattern is not None:
            pieces.append((f"   /{self.log_view.pattern.text}", look.BUSY))
        if self._note:
            pieces.append((f"   {self._note}", look.BAD))
        return assemble(*pieces)

    def _steps(self) -> Content:
        """Returns why there is no log yet, and the steps as they stand."""
        now = self.app.clock.now()
        lines = [
            Content.styled(
                "GitHub has no public live log: it can be read once the job has ended, and is opened here then.",
                look.BUSY,
            ),
            Content(""),
        ]
        for step in self._job.steps:
            state = look.of_state(step.state)
            seconds = step_elapsed_seconds(step, now)
            lines.append(
                assemble(
                    "  ", (state.glyph, state.style), " ", (step.name, look.PLAIN),
                    (f"  {seconds_text(seconds)}" if seconds is not None else "", look.MUTED),
                )
            )  # fmt: skip
        if not self._job.steps:
            lines.append(Content.styled("  No step has begun.", look.MUTED))
        return Content("\n").join(lines)

    def on_log_view_moved(self) -> None:
        """The status line follows the cursor."""
        self._show()

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_down(self) -> None:
        """Next row."""
        self.log_view.step(1)

    def action_up(self) -> None:
        """Row above."""
        self.log_view.step(-1)

    def action_page_down(self) -> None:
        """A screenful down."""
        self.log_view.page(1)

    def action_page_up(self) -> None:
        """A screenful up."""
        self.log_view.page(-1)

    def action_first(self) -> None:
        """First row."""
        self.log_view.go_first()

    def action_last(self) -> None:
        """Last row."""
        self.log_view.go_last()

    def action_left(self) -> None:
        """Back to the left."""
        self.log_view.side_step(-1)

    def action_right(self) -> None:
        """What long lines have at the right."""
        self.log_view.side_step(1)

    def action_fold(self) -> None:
        """Folds or unfolds."""
        self.log_view.toggle()
        self._show()

    def action_failed(self) -> None:
        """Failed steps only, or all."""
        if not self.log_view.toggle_failed():
            self.app.say("No step failed.")
        self._show()

    def action_stamps(self) -> None:
        """Times on or off."""
        self.log_view.toggle_stamps()

    def action_select(self) -> None:
        """Begins or ends a selection."""
        self.log_view.toggle_mark()

    def action_copy(self) -> None:
        """Copies the line under the cursor."""
        self.app.copy_to_clipboard(self.log_view.cursor_text())
        self.app.say("Copied the line.")

    def action_copy_selection(self) -> None:
        """Copies the selection, else the step."""
        what = "the selection" if self.log_view.selected_rows else "the step"
        text = self.log_view.selected_text()
        self.app.copy_to_clipboard(text)
        self.log_view.drop_mark()
        self.app.say(f"Copied {what}: {count_text(text.count(chr(10)) + 1)} lines.")

    def action_browser(self) -> None:
        """Opens the job's page, at the step and line of the cursor."""
        url = self._url()
        if not browser.is_openable(url):
            self.app.say("The job has no web page.")
            return
        call = browser.command_for(url, os.environ)
        if call is not None and browser.start(call):
            self.app.say(f"Opened {url}")
        else:
            self.app.copy_to_clipboard(url)
            self.app.say(f"No browser can be seen from here. Copied instead: {url}")

    def _url(self) -> str:
        place = self.log_view.place
        section = self.log_view.sections[place.section] if place is not None else None
        if not self._job.url or place is None or section is None or section.step is None:
            return self._job.url
        line = 1 if place.line is None else place.line - section.first + 1
        return f"{self._job.url}#step:{section.step.number}:{line}"

    def action_save(self) -> None:
        """Asks for a name and saves the log."""
        if self.log_view.file is None:
            self.app.say("There is no log to save yet.")
            return
        from cidash.tui.log.save import SaveDialog, suggested_name

        self.app.push_screen(SaveDialog(suggested_name(self._job.name, self._job.id)), self._name_chosen)

    def _name_chosen(self, name: str | None) -> None:
        if name is None:
            return
        try:
            path = Path(name).expanduser()
        except RuntimeError:
            path = Path(name)
        self._save(path)

    @work(group="save")
    async def _save(self, path: Path) -> None:
        from cidash.tui.log.save import save

        if self.log_view.file is not None:
            self.app.say(await save(self.log_view.file, path))

    # -- search -------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Opens the search line."""
        if self.log_view.file is None or self.query("#search"):
            return
        hint = "search; begin with / for a regular expression"
        line = Input(placeholder=hint, id="search", select_on_focus=False)
        self.mount(line, before="#footer")
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Searches for what was written; nothing written ends the search."""
        from cidash.analysis.log_view.search import Pattern, PatternError

        written = event.value
        self._close_search()
        if not written:
            self.log_view.pattern = None
            self.log_view.refresh()
            self._show()
            return
        regex = written.startswith("/") and len(written) > 1
        try:
            self.log_view.pattern = Pattern(written[1:] if regex else written, regex=regex)
        except PatternError as error:
            self.app.say(str(error))
            return
        self.log_view.refresh()
        self._find(backwards=False)

    def action_next_match(self) -> None:
        """Next match, or next error where nothing is searched for."""
        self._step_match(backwards=False)

    def action_previous_match(self) -> None:
        """Match before, or error before."""
        self._step_match(backwards=True)

    def _step_match(self, *, backwards: bool) -> None:
        if self.log_view.pattern is not None:
            self._find(backwards=backwards)
        elif not self.log_view.next_error(backwards=backwards):
            self.app.say("No line is an error or a warning.")

    @work(group="search", exclusive=True)
    async def _find(self, *, backwards: bool) -> None:
        pattern = self.log_view.pattern
        if not await self.log_view.search(backwards=backwards) and pattern is not None:
            self.app.say(f"{pattern.text} is not there.")
        self._show()

    def _close_search(self) -> bool:
        lines = self.query("#search")
        if lines:
            lines.remove()
            self.log_view.focus()
        return bool(lines)

    def action_back(self) -> None:
        """Closes the search line, ends a selection or a search, else goes back."""
        if self._close_search() or self.log_view.drop_mark():
            return
        if self.log_view.pattern is not None:
            self.log_view.pattern = None
            self.log_view.refresh()
            self._show()
            return
        self.dismiss(None)
