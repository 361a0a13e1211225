"""View 1, Watch: one selection, and everything that belongs to it."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from cidash.domain.ci import Job, Run
from cidash.domain.command import ActionState
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.tui import keys
from cidash.tui.footer import FooterLine
from cidash.tui.header import HeaderLine
from cidash.tui.keyed_list import KeyedList, Row
from cidash.tui.pane import Line, Pane
from cidash.tui.problems import Problems
from cidash.tui.view import View
from cidash.tui.watch.asking import armed_line
from cidash.tui.watch.epic_pane import EpicPane
from cidash.tui.watch.items import Flow, Item, ItemKey, Kind, flow_of, items_of
from cidash.tui.watch.moment import Moment
from cidash.tui.watch.pulls_pane import PullsPane
from cidash.tui.watch.run_pane import RunPane
from cidash.tui.watch.targets_pane import TargetsPane
from cidash.tui.watch.writes import Writes

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp

NARROW, WIDE = 56, 110
LOW, HIGH = 14, 20
_SETTLE_SECONDS = 0.12
_IDLE_TICKS = 5


class WatchScreen(Writes, View):
    """Holds the selection; the panes only draw it."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("watch")
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (NARROW, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - Textual's name
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LOW, "-low"), (HIGH, "-high")]  # noqa: RUF012 - Textual's name

    app: "CidashApp"

    def __init__(self, snapshot: Snapshot, repository: RepositoryId | None) -> None:
        super().__init__()
        self.snapshot = snapshot
        self._first_repository = repository
        self._items: tuple[Item, ...] = ()
        self._selected: ItemKey | None = None
        self._flow: Flow | None = None
        self._old_attempt: tuple[int, int, int] | None = None
        """Run id, the older attempt that is shown, and what was the newest then."""
        self._told: tuple[RepositoryId, int | None, int | None, int | None] | None = None
        self._home = "pulls"
        self._ticks = 0
        self._problems = Problems()

    def compose(self) -> ComposeResult:
        """Yields header, panes, the problem line and the footer."""
        yield HeaderLine()
        with Container(id="body"):
            yield PullsPane()
            yield RunPane()
            yield EpicPane()
            yield TargetsPane()
        yield Line(id="problem")
        yield FooterLine(self.app.key_overrides)

    def on_mount(self) -> None:
        """Shows what is known at once."""
        self.header = self.query_one(HeaderLine)
        self.footer = self.query_one(FooterLine)
        self.pulls = self.query_one(PullsPane)
        self.run_pane = self.query_one(RunPane)
        self.epic = self.query_one(EpicPane)
        self.targets = self.query_one(TargetsPane)
        self.problem_line = self.query_one("#problem", Line)
        self.body = self.query_one("#body")
        self.panes: tuple[Pane, ...] = (self.pulls, self.run_pane, self.epic, self.targets)
        self.pulls.list.moved_to = self._pull_chosen
        self.set_focus(self.pulls.list)
        self.show(self.snapshot)

    # -- drawing ------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Shows a snapshot; selection, focus and cursors stay where they are."""
        self.snapshot = snapshot
        before = self._items
        self._items = items_of(snapshot)
        self._keep_selection(before)
        self.draw()

    def tick(self) -> None:
        """Called once a second: draws again only when something on the screen changes by itself."""
        self._ticks += 1
        lively = any(run.state.is_active for one in self.snapshot.repositories for run in one.runs.data or ())
        lively |= any(action.state is ActionState.ASKED for action in self.snapshot.actions)
        lively |= any(budget.blocked_until is not None for budget in self.snapshot.budgets)
        if lively or self._ticks % _IDLE_TICKS == 0:
            self.draw()

    def draw(self) -> None:
        """Draws the selection of the newest snapshot at this moment."""
        if not self.is_mounted or not hasattr(self, "panes"):
            return
        moment = self.moment
        self._fit(moment)
        self.pulls.show(moment)
        self.run_pane.show(moment)
        self.epic.show(moment)
        self.targets.show(moment)
        item = moment.item
        self.header.show(
            self.snapshot,
            item.key.repository if item is not None else self._repository(),
            item.branch if item is not None else None,
            item.pull.number if item is not None and item.pull is not None else None,
            moment.now,
        )
        line = self._problems.line(self.snapshot, moment.now) or armed_line(self.snapshot)
        self.problem_line.put(line)
        self.problem_line.set_class(bool(line), "-shown")
        self._show_footer()
        if item is not None:
            self._tell_engine(item, moment.run)

    @property
    def moment(self) -> Moment:
        """What is to be drawn now."""
        item = self.item
        newest = item.run_of(self._flow) if item is not None else None
        run = newest
        if newest is not None and self._old_attempt is not None:
            run_id, attempt, newest_then = self._old_attempt
            if run_id == newest.id and newest.attempt == newest_then:
                run = _older(newest, attempt, item)
            else:
                self._old_attempt = None
        return Moment(
            self.snapshot,
            self.now,
            self._items,
            item,
            run,
            newest.attempt if newest is not None else 1,
            compact=self._is_single(),
            marked=frozenset(self._marked),
            telling=self.app.bells.wanted,
        )

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.app.clock.now()

    @property
    def item(self) -> Item | None:
        """The selected item."""
        return next((item for item in self._items if item.key == self._selected), None)

    def _repository(self) -> RepositoryId | None:
        if self._first_repository is not None:
            return self._first_repository
        return self.snapshot.repositories[0].id if self.snapshot.repositories else None

    def _is_single(self) -> bool:
        return self.size.width < WIDE or self.size.height < HIGH

    def _is_tiny(self) -> bool:
        return self.size.width < NARROW or self.size.height < LOW

    def _fit(self, moment: Moment) -> None:
        """Gives the panes their room."""
        self.set_class(self._is_single(), "-single")
        self.set_class(self._is_tiny(), "-tiny")
        height = self.size.height
        if self._is_single():
            rows = sum(1 for item in moment.items if item.key.kind is not Kind.WORKFLOW)
            self.pulls.styles.height = max(3, min(rows + 1, height * 2 // 5))
        else:
            self.pulls.styles.height = None
            wanted = max(self.epic.wanted_height, self.targets.wanted_height)
            self.body.styles.grid_rows = f"1fr {max(3, min(wanted, height * 2 // 5))}"

    def on_resize(self) -> None:
        """Fits everything; where only the run is left it has the focus, and gives it back afterwards."""
        if not hasattr(self, "panes"):
            return
        self.draw()
        wanted = self.run_pane if self._is_tiny() else self._pane(self._home)
        if not isinstance(self.focused, KeyedList) or self.focused is not wanted.list:
            self.call_after_refresh(self.set_focus, wanted.list)

    # -- selection ----------------------------------------------------------------------------------------------

    def _keep_selection(self, before: tuple[Item, ...]) -> None:
        present = {item.key for item in self._items}
        if self._selected in present:
            return
        old = [item.key for item in before]
        candidates: list[ItemKey] = []
        if self._selected in old:
            at = old.index(self._selected)
            candidates = [*old[at + 1 :], *reversed(old[:at])]
        first = [item.key for item in self._items if item.key.repository == self._first_repository]
        candidates += [*first, *(item.key for item in self._items)]
        self._select(next((key for key in candidates if key in present), None))

    def _select(self, key: ItemKey | None) -> None:
        self._selected = key
        item = self.item
        run = item.run_of(None) if item is not None else None
        self._flow = flow_of(run) if run is not None else None
        self._old_attempt = None

    def _tell_engine(self, item: Item, run: Run | None) -> None:
        """Tells the engine which run and pull request are looked at, once the cursor rests."""
        old = self._old_attempt[1] if self._old_attempt is not None else None
        pull = item.pull.number if item.pull is not None else None
        wanted = (item.key.repository, run.id if run is not None else None, old, pull)
        if wanted != self._told:
            self._told = wanted
            self.set_timer(_SETTLE_SECONDS, lambda: self._tell(wanted))

    def _tell(self, wanted: tuple[RepositoryId, int | None, int | None, int | None]) -> None:
        if wanted == self._told:
            repository, run_id, attempt, pull = wanted
            self.app.engine.select_pull(repository, pull)
            self.app.engine.select(repository, run_id, attempt)

    def _pull_chosen(self, row: Row) -> None:
        if isinstance(row.key, ItemKey):
            self._select(row.key)
            self.draw()

    @on(KeyedList.Moved, "#epic-list")
    def _ticket_chosen(self) -> None:
        self.epic.show_next()

    @on(KeyedList.Moved, "#run-list")
    def _job_chosen(self) -> None:
        self._show_footer()

    @on(KeyedList.Opened, "#pulls-list")
    def _pull_opened(self) -> None:
        self.set_focus(self.run_pane.list)

    @on(KeyedList.Opened, "#run-list")
    def _job_opened(self) -> None:
        self.run_pane.toggle()

    @on(KeyedList.Opened, "#epic-list")
    def _ticket_opened(self, event: KeyedList.Opened) -> None:
        """Selects the pull request that does the ticket."""
        number = self.epic.pull_number_of(event.row.key)
        wanted = (item.key for item in self._items if item.pull is not None and item.pull.number == number)
        key = next(wanted, None)
        if key is not None:
            self._select(key)
            self.draw()
            self.set_focus(self.pulls.list)

    # -- focus --------------------------------------------------------------------------------------------------

    @property
    def pane(self) -> Pane:
        """The pane that has the focus."""
        return next((pane for pane in self.panes if self.focused is pane.list), self._pane(self._home))

    def _pane(self, pane_id: str) -> Pane:
        return next(pane for pane in self.panes if pane.id == pane_id)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Opens the pane that got the focus, where only one has room."""
        pane = next((pane for pane in getattr(self, "panes", ()) if event.widget is pane.list), None)
        if pane is None:
            return
        if not self._is_tiny():
            self._home = pane.id or "pulls"
        for name in ("epic", "targets"):
            self.set_class(pane.id == name, f"-open-{name}")
        self._show_footer()

    def action_next_pane(self) -> None:
        """Gives the focus to the next pane."""
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        """Gives the focus to the pane before."""
        self._step_pane(-1)

    def _step_pane(self, step: int) -> None:
        panes = (self.run_pane,) if self._is_tiny() else self.panes
        at = panes.index(self.pane) if self.pane in panes else 0
        self.set_focus(panes[(at + step) % len(panes)].list)

    def action_back(self) -> None:
        """Clears the filter, else goes back to the pull requests."""
        if self.close_filter(clear=True) or self.drop_marks():
            return
        if self.pane.list.filter_text:
            self.pane.list.filter_by("")
            self.draw()
        elif not self._is_tiny():
            self.set_focus(self.pulls.list)

    # -- runs and attempts --------------------------------------------------------------------------------------

    def action_next_run(self) -> None:
        """Shows the next run of the same commit."""
        self._step_run(1)

    def action_previous_run(self) -> None:
        """Shows the run before, of the same commit."""
        self._step_run(-1)

    def _step_run(self, step: int) -> None:
        item, run = self.item, self.moment.run
        if item is None or run is None or len(item.runs) < 2:
            return
        at = next(at for at, one in enumerate(item.runs) if one.id == run.id)
        self._flow = flow_of(item.runs[(at + step) % len(item.runs)])
        self._old_attempt = None
        self.draw()

    def action_older_attempt(self) -> None:
        """Shows the attempt before."""
        self._step_attempt(-1)

    def action_newer_attempt(self) -> None:
        """Shows the attempt after."""
        self._step_attempt(1)

    def _step_attempt(self, step: int) -> None:
        moment = self.moment
        if moment.run is None:
            return
        wanted = moment.run.attempt + step
        if 1 <= wanted <= moment.newest_attempt:
            newest = wanted == moment.newest_attempt
            self._old_attempt = None if newest else (moment.run.id, wanted, moment.newest_attempt)
            self.draw()

    def _show_footer(self) -> None:
        row: Row | None = self.pane.list.cursor_row
        self.footer.show(self.footer_keys(self.pane, row))


def _older(newest: Run, attempt: int, item: Item | None) -> Run:
    """Returns the run at an older attempt, as far as its jobs and those of the attempt before tell how that was."""
    jobs = _jobs(item, newest.id, attempt)
    ends = [job.completed_at for job in _jobs(item, newest.id, attempt - 1) if job.completed_at is not None]
    begun = [moment for job in jobs if (moment := job.created_at or job.started_at) is not None]
    own = [moment for moment in begun if not ends or moment >= max(ends)]
    return replace(
        newest,
        attempt=attempt,
        status="completed",
        conclusion=_conclusion([job.conclusion for job in jobs]),
        started_at=min(own or begun, default=newest.created_at),
    )


def _jobs(item: Item | None, run_id: int, attempt: int) -> tuple[Job, ...]:
    part = item.repository.jobs.get((run_id, attempt)) if item is not None else None
    return part.data or () if part is not None else ()


def _conclusion(conclusions: list[str | None]) -> str | None:
    """Returns the worst conclusion among an older attempt's jobs; None, which means unknown, without any."""
    for word in ("failure", "timed_out", "cancelled", "startup_failure"):
        if word in conclusions:
            return word
    return "success" if conclusions and all(word is not None for word in conclusions) else None
