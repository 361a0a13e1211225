"""The header: what is shown, how fresh it is, what it costs, and the time. One line; what matters least goes first."""

from datetime import datetime

from textual.content import Content
from textual.widget import Widget

from cidash.domain.format import age_text, clock, count_text, seconds_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble

_GAP = "   "


class HeaderLine(Widget):
    """Drawn anew for every snapshot and tick, to the width it gets."""

    DEFAULT_CSS = "HeaderLine { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="header")
        self._left: list[Content] = []
        self._right: list[Content] = []
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
        self._left = [Content.styled("cidash", "$primary bold")]
        if repository is not None:
            self._left.append(Content.styled(str(repository), look.STRONG))
        if branch:
            self._left.append(assemble(("⎇ ", look.MUTED), (branch, look.PLAIN)))
        if pull is not None:
            self._left.append(Content.styled(f"#{pull}", look.CALM))
        budget = _budget(snapshot, repository)
        # The last ones go first when there is no room.
        self._right = [
            *([freshness(part, now)] if part is not None else []),
            Content.styled(clock(now), look.PLAIN),
            *([limit(budget, now)] if budget is not None else []),
            jira(snapshot),
        ]
        line = self._line()
        if not line.is_same(self._shown):
            self._shown = line
            self.refresh()

    def _line(self) -> Content:
        """Returns the header at the present width: first items of the right go, then the branch is cut, then more."""
        width = max(0, self.size.width - 2)
        gap = Content(_GAP)
        left, far = list(self._left), list(self._right)
        while len(far) > 1 and _length(left, 2) + _length(far, 3) + 3 > width:
            if len(left) > 2 and left[2].cell_length > 24 and len(far) <= 3:
                break
            far.pop()
        if len(left) > 2:
            room = width - _length(far, 3) - 3 - (_length(left, 2) - left[2].cell_length)
            if room < 6:
                left.pop(2)
            elif left[2].cell_length > room:
                left[2] = left[2].truncate(room, ellipsis=True)
        ordered = far[:1] + far[2:] + far[1:2]  # the clock is always at the very end
        right_side = gap.join(ordered)
        left_side = Content("  ").join(left).truncate(max(0, width - right_side.cell_length - 1), ellipsis=True)
        space = max(0, width - left_side.cell_length - right_side.cell_length)
        return assemble(" ", left_side, " " * space, right_side, " ")

    def on_resize(self) -> None:
        """Fits the line to the new width."""
        self._shown = self._line()
        self.refresh()

    def render(self) -> Content:
        """Returns the line."""
        return self._shown


def _length(parts: list[Content], gap: int) -> int:
    return sum(part.cell_length for part in parts) + gap * max(0, len(parts) - 1)


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
