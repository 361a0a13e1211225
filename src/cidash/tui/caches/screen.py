"""View 3, Caches: the ledger, one cache in detail with the autopsy of its last miss, and the storage."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from cidash.domain.cache_ledger import CacheReport
from cidash.domain.command import Action
from cidash.domain.github_command import DeleteCache
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.tui import browser, keys
from cidash.tui.caches.account_pane import AccountPane
from cidash.tui.caches.ledger_pane import LedgerPane
from cidash.tui.caches.storage_pane import StoragePane
from cidash.tui.footer import FooterLine
from cidash.tui.header import HeaderLine
from cidash.tui.keyed_list import KeyedList
from cidash.tui.pane import Line, Pane
from cidash.tui.problems import Problems
from cidash.tui.view import View

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

WIDE, HIGH = 110, 20
KNOWN_EVERY = timedelta(seconds=10)
READ_EVERY = timedelta(seconds=60)
_IDLE_TICKS = 5
_KEYS = ("list.open", "caches.delete", "caches.copy_sentence", "caches.refresh", "caches.next_pane", "app.help")


class CachesScreen(View):
    """Reads the history when it is shown and while it is seen, and asks GitHub for what that lacks."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("caches")

    app: "CidashApp"

    def __init__(self, snapshot: Snapshot, repository: RepositoryId | None) -> None:
        super().__init__()
        self.snapshot = snapshot
        self._first_repository = repository
        self._reports: tuple[CacheReport, ...] | None = None
        self._known_at: datetime | None = None
        self._read_at: datetime | None = None
        self._is_reading = False
        self._ticks = 0
        self._told: tuple[object, ...] = ()
        self._problems = Problems()

    def compose(self) -> ComposeResult:
        """Yields header, panes, the problem line and the footer."""
        yield HeaderLine()
        with Container(id="caches-body"):
            yield LedgerPane()
            yield AccountPane()
            yield StoragePane()
        yield Line(id="problem")
        yield FooterLine(self.app.key_overrides)

    def on_mount(self) -> None:
        """Shows what is known at once."""
        self.header = self.query_one(HeaderLine)
        self.footer = self.query_one(FooterLine)
        self.ledger = self.query_one(LedgerPane)
        self.account = self.query_one(AccountPane)
        self.storage = self.query_one(StoragePane)
        self.panes: tuple[Pane, ...] = (self.ledger, self.account, self.storage)
        self.set_focus(self.ledger.list)
        self.show(self.snapshot)
        self.read()

    # -- reading ------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="caches")
    async def read(self, *, ask: bool = True) -> None:
        """Reads the history, then asks GitHub for what it lacks."""
        self._is_reading = True
        try:
            repositories = self._repositories()
            self._known_at = self.app.clock.now()
            await self._take([await self.app.engine.caches.known(one) for one in repositories])
            if ask:
                self._read_at = self._known_at
                await self._take([await self.app.engine.caches.read(one) for one in repositories])
        finally:
            self._is_reading = False

    async def _take(self, reports: Sequence[CacheReport]) -> None:
        self._reports = tuple(reports)
        self.draw()

    def _repositories(self) -> list[RepositoryId]:
        """Returns all repositories, the one that the program was started for first."""
        every = [one.id for one in self.snapshot.repositories]
        return sorted(every, key=lambda one: one != self._first_repository)

    # -- drawing ------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Shows a snapshot; selection, focus and cursors stay where they are."""
        self.snapshot = snapshot
        self.draw()

    def tick(self) -> None:
        """Called once a second: looks into the history when something is new, and now and then asks GitHub."""
        now = self.app.clock.now()
        self._ticks += 1
        if not self._is_reading and self._known_at is not None and now - self._known_at >= KNOWN_EVERY:
            ask = self._read_at is None or now - self._read_at >= READ_EVERY
            told = tuple((one.caches, one.runs.data) for one in self.snapshot.repositories)
            if ask or told != self._told:
                self._told = told
                self.read(ask=ask)
        if self._ticks % _IDLE_TICKS == 0:
            self.draw()

    def draw(self) -> None:
        """Draws the newest reports at this moment."""
        if not self.is_mounted or not hasattr(self, "panes"):
            return
        now = self.app.clock.now()
        self._fit()
        self.ledger.show(self._reports)
        self._show_account()
        self.storage.show(self._reports or (), now)
        repository = self._first_repository or next(iter(self._repositories()), None)
        self.header.show(self.snapshot, repository, None, None, now)
        problem = self.query_one("#problem", Line)
        line = self._problems.line(self.snapshot, now)
        problem.put(line)
        problem.set_class(bool(line), "-shown")
        self._show_footer()

    def _show_account(self) -> None:
        account = self.ledger.account
        reports = self._reports or ()
        report = next((one for one in reports if account is not None and account in one.accounts), None)
        autopsy = report.autopsy(account) if report is not None and account is not None else None
        self.account.show(account, autopsy, self.app.clock.now())

    def _fit(self) -> None:
        """One column where there is little room: then the storage is one line that the focus opens."""
        width, height = self.size.width, self.size.height
        single = width < WIDE or height < HIGH
        self.set_class(single, "-single")
        if single:
            self.ledger.styles.height = max(3, min(self.ledger.wanted_height, height * 2 // 5))
            self.storage.styles.height = None
        else:
            self.ledger.styles.height = None
            rows = max(4, min(self.storage.wanted_height, height * 2 // 5))
            self.query_one("#caches-body").styles.grid_rows = f"1fr {rows}"

    def on_resize(self) -> None:
        """Fits everything."""
        self.draw()

    def _show_footer(self) -> None:
        wanted = [one for one in _KEYS if not (one in keys.WRITES and self.app.read_only)]
        if self.storage.entry is None or self.pane is not self.storage:
            wanted = [one for one in wanted if one not in {"caches.delete", "list.open"}]
        self.footer.show(wanted)

    # -- focus --------------------------------------------------------------------------------------------------

    @property
    def pane(self) -> Pane:
        """The pane that has the focus."""
        return next((pane for pane in self.panes if self.focused is pane.list), self.ledger)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Opens the storage where it is one line only."""
        pane = next((pane for pane in getattr(self, "panes", ()) if event.widget is pane.list), None)
        if pane is not None:
            self.set_class(pane is self.storage, "-open-storage")
            self._show_footer()

    def action_next_pane(self) -> None:
        """Gives the focus to the next pane."""
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        """Gives the focus to the pane before."""
        self._step_pane(-1)

    def _step_pane(self, step: int) -> None:
        at = self.panes.index(self.pane)
        self.set_focus(self.panes[(at + step) % len(self.panes)].list)

    def action_back(self) -> None:
        """Goes back to the ledger."""
        self.set_focus(self.ledger.list)

    @on(KeyedList.Moved, "#ledger-list")
    def _cache_chosen(self) -> None:
        self._show_account()

    @on(KeyedList.Moved, "#storage-list")
    def _entry_chosen(self) -> None:
        self._show_footer()

    @on(KeyedList.Opened, "#ledger-list")
    def _cache_opened(self) -> None:
        self.set_focus(self.account.list)

    @on(KeyedList.Opened, "#storage-list")
    def _group_opened(self) -> None:
        self.storage.toggle()
        self._show_footer()

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        """Asks GitHub now."""
        self.app.engine.kick()
        self.read()

    def action_browser(self) -> None:
        """Opens the job of the last miss; where no browser can be seen it copies the address instead."""
        url = self._url()
        if not browser.is_openable(url):
            self.app.say("This row has no web page.")
            return
        assert url is not None
        call = browser.command_for(url, os.environ)
        if call is not None and browser.start(call):
            self.app.say(f"Opened {url}")
        else:
            self.app.copy_to_clipboard(url)
            self.app.say(f"No browser can be seen from here. Copied instead: {url}")

    def action_copy_sentence(self) -> None:
        """Copies what the selected cache is worth as one sentence."""
        sentence = self.account.sentence
        if sentence is None:
            self.app.say("No cache is selected.")
            return
        self.app.copy_to_clipboard(sentence)
        self.app.say(f"Copied: {sentence}")

    def _url(self) -> str | None:
        row = self.pane.list.cursor_row
        if row is not None and row.url:
            return row.url
        return next((one.url for one in self.account.list.rows if one.url), None)

    def action_delete(self) -> None:
        """Asks whether the entry under the cursor is to be deleted."""
        if self.app.read_only:
            self.app.say("This is a read-only session: nothing can be changed from here.")
            return
        found = self.storage.entry if self.pane is self.storage else None
        if found is None:
            self.app.say("Choose an entry in Storage first; Enter unfolds a group.")
            return
        from cidash.tui.dialogs.confirm import ConfirmDialog

        repository, entry = found
        command = DeleteCache(repository, entry.id, entry.key, entry.ref)

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.perform(command, self._deleted)

        self.app.push_screen(ConfirmDialog(f"{command.sentence}?"), answered)

    def _deleted(self, _: Action) -> None:
        if self.is_mounted:
            self.read()
