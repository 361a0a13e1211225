"""The header: what is shown, how fresh it is, what it costs, and the time. One line; what matters least goes first."""

from datetime import datetime

from textual.content import Content
from textual.widget import Widget

from cidash.domain.format import age_text, clock, count_text, seconds_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble

_BRANCH_AT_LEAST = 16


class HeaderLine(Widget):
    """Drawn anew for every snapshot and tick, to the width it gets."""

    DEFAULT_CSS = "HeaderLine { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="header")
        self._brand = self._repository = self._short = self._branch = self._pull = Content("")
        self._fresh = self._limit = self._jira = self._clock = Content("")
        self._shown = Content("")

    def show(
        self, snapshot: Snapshot, repository: RepositoryId | None, branch: str | None, pull: int | None, now: datetime
    ) -> None:
        """Shows where the selection stands and how the sources are.

        Args:
            snapshot: the newest one.
            repository: of the selection.
            branch: of the selection.
            pull: number of the selected pull request.
            now: the present moment.
        """
        part = snapshot.repository(repository) if repository is not None else None
        self._brand = Content.styled("cidash", "$primary bold")
        self._repository = Content.styled(str(repository), look.STRONG) if repository is not None else Content("")
        self._short = Content.styled(repository.name, look.STRONG) if repository is not None else Content("")
        self._branch = assemble(("⎇ ", look.MUTED), (branch, look.PLAIN)) if branch else Content("")
        self._pull = Content.styled(f"#{pull}", look.CALM) if pull is not None else Content("")
        budget = _budget(snapshot, repository)
        self._fresh = freshness(part, now) if part is not None else Content("")
        self._limit = limit(budget, now) if budget is not None else Content("")
        self._jira = jira(snapshot)
        self._clock = Content.styled(clock(now), look.PLAIN)
        self.on_resize()

    def _line(self) -> Content:
        """Returns the fullest header that the present width holds; the branch is cut before anything is left out."""
        width = max(0, self.size.width - 2)
        whole = [self._brand, self._repository, self._branch, self._pull]
        sources = [self._fresh, self._limit, self._jira, self._clock]
        choices = (
            (whole, sources, 3),
            (whole, sources, 2),
            ([self._brand, self._repository, self._pull], sources, 2),
            ([self._repository, self._pull], sources, 2),
            ([self._repository, self._pull], [self._fresh, self._limit, self._clock], 2),
            ([self._short, self._pull], [self._fresh, self._limit, self._clock], 2),
            ([self._short, self._pull], [self._fresh, self._clock], 2),
            ([self._pull or self._short], [self._fresh], 2),
        )
        for left, far, gap in choices:
            far_side = Content(" " * gap).join(part for part in far if part)
            room = width - far_side.cell_length - gap
            left_side = _joined(left, self._branch, room)
            if left_side is not None:
                space = " " * (width - left_side.cell_length - far_side.cell_length)
                return assemble(" ", left_side, space, far_side, " ")
        return assemble(" ", self._fresh).truncate(self.size.width, ellipsis=True)

    def on_resize(self) -> None:
        """Fits the line to the width; nothing is repainted when it is the same."""
        line = self._line()
        if not line.is_same(self._shown):
            self._shown = line
            self.refresh()

    def render(self) -> Content:
        """Returns the line."""
        return self._shown


def _joined(parts: list[Content], branch: Content, room: int) -> Content | None:
    """Returns the parts side by side, the branch cut if need be; None when they do not fit even so."""
    shown = [part for part in parts if part]
    excess = sum(part.cell_length + 2 for part in shown) - 2 - room
    if excess > 0 and branch and branch in shown and branch.cell_length - excess >= _BRANCH_AT_LEAST:
        shown[shown.index(branch)] = branch.truncate(branch.cell_length - excess, ellipsis=True)
        excess = 0
    return Content("  ").join(shown) if excess <= 0 else None


def _budget(snapshot: Snapshot, repository: RepositoryId | None) -> Budget | None:
    if repository is None:
        return None
    return next((budget for budget in snapshot.budgets if budget.host == repository.host), None)


def freshness(repository: RepositorySnapshot, now: datetime) -> Content:
    """Returns how fresh the repository's data is, and when the next try is if it is not."""
    parts: tuple[Part[object], ...] = (repository.runs, repository.pulls)
    age = max((part.age_seconds(now) or 0.0 for part in parts), default=0.0)
    failing = next((part for part in parts if part.state is SourceState.FAILING), None)
    if failing is not None:
        retry_at = failing.problem.retry_at if failing.problem is not None else None
        text = f"✗ failing {age_text(age)}" if failing.fetched_at is not None else "✗ failing"
        if retry_at is not None and retry_at > now:
            text += f", again in {seconds_text((retry_at - now).total_seconds())}"
        return Content.styled(text, look.BAD)
    if any(part.state is SourceState.LOADING for part in parts):
        return Content.styled("◌ reading", look.MUTED)
    if any(part.state is SourceState.STORED for part in parts):
        return Content.styled(f"◌ stored {age_text(age)}", look.BUSY)
    return assemble(("● ", look.GOOD), (f"live {age_text(age)}", look.PLAIN))


def limit(budget: Budget, now: datetime) -> Content:
    """Returns what is left of the rate limit, or until when nothing may be asked."""
    if budget.blocked_until is not None and budget.blocked_until > now:
        seconds = int((budget.blocked_until - now).total_seconds() + 0.999)
        return Content.styled(f"limit: resumes in {seconds // 60}:{seconds % 60:02d}", look.BAD)
    if budget.limit is None or budget.remaining is None:
        return Content.styled("API —", look.FAINT)
    low = budget.remaining < budget.limit * 0.1
    text = assemble(
        ("API ", look.MUTED),
        (count_text(budget.remaining), look.BAD if low else look.PLAIN),
        (f"/{count_text(budget.limit)}", look.MUTED),
    )
    if budget.slowed_to_seconds is not None:
        return assemble(text, (f" slowed to {budget.slowed_to_seconds:.0f} s", look.BUSY))
    return text


def jira(snapshot: Snapshot) -> Content:
    """Returns Jira's state."""
    mark, style = {
        SourceState.LIVE: ("✓", look.GOOD),
        SourceState.FAILING: ("✗", look.BAD),
        SourceState.STORED: ("◌", look.BUSY),
        SourceState.LOADING: ("◌", look.MUTED),
        SourceState.OFF: ("—", look.FAINT),
    }[snapshot.epic.state]
    return assemble(("Jira ", look.MUTED), (mark, style))
