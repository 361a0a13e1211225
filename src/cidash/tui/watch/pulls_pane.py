"""The pull requests, each with the state of its head commit, and the default branch beneath."""

from textual.app import ComposeResult
from textual.content import Content

from cidash.analysis.checks import event_class
from cidash.domain.ci import Run
from cidash.domain.command import Action
from cidash.domain.format import DASH, age_text, clock, seconds_text
from cidash.domain.snapshot import RepositorySnapshot, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble, fit, right, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane, as_many_as_fit, with_filter
from cidash.tui.watch import items
from cidash.tui.watch.details import Details, details_of
from cidash.tui.watch.items import Item, ItemKey, Kind
from cidash.tui.watch.moment import Moment

_WORDS_FROM = 62
_AUTHOR_FROM = 84


class PullsPane(Pane):
    """What the user chooses from; what is chosen here is shown everywhere else."""

    def __init__(self) -> None:
        super().__init__(id="pulls")
        self.details = Details()
        self._moment: Moment | None = None

    def compose(self) -> ComposeResult:
        """Yields the title, the list, and the details of the selected item."""
        yield from super().compose()
        yield self.details

    def show(self, moment: Moment) -> None:
        """Shows the items of this moment."""
        self._moment = moment
        self.rebuild()

    def rebuild(self) -> None:
        """Builds the rows to the pane's width."""
        moment = self._moment
        if moment is None or self.row_width <= 0:
            return
        pulls = [item for item in moment.items if item.key.kind is Kind.PULL]
        rows: list[Row] = []
        for repository in moment.snapshot.repositories:
            rows += self._of_repository(moment, repository)
        self.show_rows(rows, _empty(moment.snapshot.repositories))
        if moment.item is not None:
            self.list.put_cursor(self._row_key(moment.item))
        left = with_filter(Content("Pull requests"), self.list)
        self.title_line.put(left, as_many_as_fit(_summary(pulls), self.size.width - left.cell_length - 8))
        self._show_details(moment)

    def _show_details(self, moment: Moment) -> None:
        """Shows more of the selected item beneath the list, where the list leaves room for it."""
        lines = details_of(moment, self.size.width) if moment.item is not None and not moment.compact else []
        rows = len(self.list.rows)
        has_room = bool(lines) and self.size.height >= rows + len(lines) + 3
        self.list.styles.height = rows if has_room else "1fr"
        self.details.put([Content(""), *lines] if has_room else [])

    def _row_key(self, item: Item) -> ItemKey:
        """Returns the row that stands for the item: in the compact form the whole branch is one row."""
        moment = self._moment
        if moment is None or item.key.kind is Kind.PULL:
            return item.key
        if moment.compact:
            return ItemKey(item.key.repository, Kind.BRANCH, item.branch or "")
        if item.key.kind is Kind.BRANCH and moment.run is not None:
            return ItemKey(item.key.repository, Kind.WORKFLOW, items.flow_of(moment.run)[0])
        return item.key

    def _of_repository(self, moment: Moment, repository: RepositorySnapshot) -> list[Row]:
        mine = [item for item in moment.items if item.key.repository == repository.id]
        pulls = [item for item in mine if item.key.kind is Kind.PULL]
        rows: list[Row] = []
        if len(moment.snapshot.repositories) > 1:
            rows.append(self._caption((repository.id, "name"), str(repository.id)))
        columns = _Columns(moment, pulls, self.row_width)
        rows += [columns.row(item) for item in pulls]
        if not pulls and repository.pulls.data is not None:
            rows.append(Row((repository.id, "none"), assemble("  ", ("No open pull requests.", look.MUTED)), False))
        branch = repository.default_branch
        if branch is None:
            return rows
        if moment.compact:
            rows += [self._branch_line(item) for item in mine if item.key.kind is Kind.BRANCH]
            return rows
        workflows = [item for item in mine if item.key.kind is Kind.WORKFLOW]
        if workflows:
            rows.append(self._caption((repository.id, "branch"), branch))
            rows += [self._workflow_row(moment, item) for item in workflows]
        return rows

    def _caption(self, key: object, text: str) -> Row:
        rule = look.RULE * max(0, self.row_width - len(text) - 1)
        content = assemble("  ", (text, look.MUTED), " ", (rule, look.LINE))
        return Row(("caption", key), content.truncate(self.row_width + 2), selectable=False)

    def _workflow_row(self, moment: Moment, item: Item) -> Row:
        run = item.runs[0]
        state = look.of_state(run.state)
        asked = items.asked_about(moment.snapshot.actions, item.key.repository, [run.id])
        elapsed = items.run_seconds(item.repository, run, moment.now)
        event = "schedule" if run.event == "schedule" else event_class(run.event)
        when = f"{event} {_when(run, moment)}"
        when_width = min(24, max(0, self.row_width - 30))
        name_width = self.row_width - 2 - when_width - 1 - 8
        time, style = _time(asked, elapsed, state.style, moment)
        content = assemble(
            (state.glyph, state.style),
            _mark(moment, item),
            (fit(run.workflow_name, name_width), look.BAD if run.state.is_red else look.PLAIN),
            " ",
            (fit(when, when_width), look.MUTED),
            (right(time, 8), style),
        )
        search = f"{run.workflow_name} {run.event} {state.word}"
        return Row(item.key, content, url=run.url, failed=run.state.is_red, search=search)

    def _branch_line(self, item: Item) -> Row:
        names = _short_names(item.runs)
        mark = ("* ", look.STRONG) if self._moment is not None and item.key in self._moment.marked else ""
        content = assemble(mark, (item.branch or "", look.MUTED))
        for run in item.runs:
            state = look.of_state(run.state)
            time = f" {clock(run.started_at)}" if run.event == "schedule" else ""
            content = assemble(content, "  ", (state.glyph, state.style), f" {names[run.id]}", (time, look.MUTED))
        search = " ".join(f"{run.workflow_name} {look.of_state(run.state).word}" for run in item.runs)
        red = next((run for run in item.runs if run.state.is_red), None)
        url = (red or item.runs[0]).url if item.runs else None
        return Row(item.key, content, url=url, failed=red is not None, search=f"{item.branch} {search}")


class _Columns:
    """The columns of the pull request rows: common widths, so that they line up."""

    def __init__(self, moment: Moment, pulls: list[Item], width: int) -> None:
        self._moment = moment
        self._tickets = {item.key: items.ticket_of(item.pull, moment.projects) for item in pulls if item.pull}
        self._number = widest(f"#{item.key.name}" for item in pulls)
        self._ticket = widest((ticket or "" for ticket in self._tickets.values()), 12)
        words = widest((look.of_state(item.state).word for item in pulls), 16 if width >= _AUTHOR_FROM else 9)
        self._word = max(7, words) if width >= _WORDS_FROM else 0
        self._author = min(14, widest(item.pull.author for item in pulls if item.pull)) if width >= _AUTHOR_FROM else 0
        fixed = 2 + self._number + 1 + (self._ticket + 1 if self._ticket else 0) + 9
        fixed += (self._word + 1 if self._word else 0) + (self._author + 6 if self._author else 0)
        self._title = max(4, width - fixed)

    def row(self, item: Item) -> Row:
        pull = item.pull
        assert pull is not None
        moment = self._moment
        ticket = self._tickets[item.key]
        state = look.of_state(item.state)
        asked = items.asked_about(moment.snapshot.actions, item.key.repository, [run.id for run in item.runs])
        time, style = _time(asked, items.item_seconds(item, moment.now), state.style, moment)
        title = items.title_of(pull, ticket)
        pieces: list[str | tuple[str, str] | Content] = [
            (state.glyph, state.style),
            _mark(moment, item),
            (right(f"#{pull.number}", self._number), look.MUTED),
            " ",
        ]
        if self._ticket:
            pieces += [(fit(ticket or "", self._ticket), look.CALM), " "]
        pieces.append((fit(("draft: " if pull.draft else "") + title, self._title), look.PLAIN))
        if self._author:
            age = age_text((moment.now - pull.updated_at).total_seconds())
            pieces += [" ", (fit(pull.author, self._author), look.MUTED), (right(age, 5), look.FAINT)]
        if self._word:
            pieces += [" ", (fit(state.word, self._word), state.style)]
        pieces += [" ", (right(time, 8), style)]
        search = f"#{pull.number} {ticket or ''} {pull.title} {pull.author} {pull.branch} {state.word}"
        failed = item.state is not None and item.state.is_red
        return Row(item.key, assemble(*pieces), url=pull.url, failed=failed, search=search)


def _time(asked: Action | None, seconds: float | None, style: str, moment: Moment) -> tuple[str, str]:
    if asked is not None:
        return f"asked {age_text((moment.now - asked.asked_at).total_seconds())}", look.BUSY
    return seconds_text(seconds), look.FAINT if seconds is None else style


def _mark(moment: Moment, item: Item) -> tuple[str, str]:
    return ("*", look.STRONG) if item.key in moment.marked else (" ", look.PLAIN)


def _when(run: Run, moment: Moment) -> str:
    seconds = (moment.now - run.started_at).total_seconds()
    return clock(run.started_at) if seconds < 20 * 3_600 else f"{age_text(seconds)} ago"


def _short_names(runs: tuple[Run, ...]) -> dict[int, str]:
    """Returns the first word of each workflow's name where it tells them apart, else the whole name."""
    first = [run.workflow_name.split(" ")[0] for run in runs]
    return {
        run.id: word if first.count(word) == 1 and word else run.workflow_name
        for run, word in zip(runs, first, strict=True)
    }


def _summary(pulls: list[Item]) -> list[Content]:
    red = sum(1 for item in pulls if item.state is not None and item.state.is_red)
    busy = sum(1 for item in pulls if item.state is not None and item.state.is_active)
    pieces = [Content.styled(f"{len(pulls)} open", look.MUTED)]
    if red:
        pieces.append(Content.styled(f"{red} failing", look.BAD))
    if busy:
        pieces.append(Content.styled(f"{busy} running", look.BUSY))
    return pieces


def _empty(repositories: tuple[RepositorySnapshot, ...]) -> Content:
    if not repositories:
        return Content("No repository is configured.")
    part = repositories[0].pulls
    if part.state is SourceState.FAILING and part.problem is not None:
        return Content(part.problem.sentence)
    if part.data is None:
        return Content("Reading pull requests…")
    return Content(DASH)
