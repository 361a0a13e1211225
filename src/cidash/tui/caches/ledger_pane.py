"""The ledger: every cache with its newest state, its hit rate and what it is worth."""

from collections.abc import Sequence

from textual.content import Content

from cidash.domain.cache_ledger import CacheAccount, CacheReport
from cidash.domain.cache_words import minutes
from cidash.domain.format import DASH, percent
from cidash.tui import look
from cidash.tui.columns import Piece, assemble, fit, right, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane, with_filter

_RATE, _WORTH, _STATE = 5, 12, 10
_NOTHING = "No cache was seen in the logs that were read yet."
AccountKey = tuple[str, str, str]


def key_of(account: CacheAccount) -> AccountKey:
    """Returns the identity of an account: repository, workflow and cache."""
    return (str(account.repository), account.workflow_path, f"{account.family}\t{account.cache}")


class LedgerPane(Pane):
    """Rows are named caches, those that were used last first."""

    def __init__(self) -> None:
        super().__init__(id="ledger")
        self._reports: Sequence[CacheReport] | None = None

    def show(self, reports: Sequence[CacheReport] | None) -> None:
        """Shows these reports; None stands for those that are still being read."""
        self._reports = reports
        self.rebuild()

    @property
    def wanted_height(self) -> int:
        """Lines that show everything."""
        return 2 + max(1, sum(len(one.accounts) for one in self._reports or ()))

    @property
    def account(self) -> CacheAccount | None:
        """The account under the cursor."""
        row = self.list.cursor_row
        every = (one for report in self._reports or () for one in report.accounts)
        return next((one for one in every if row is not None and key_of(one) == row.key), None)

    def rebuild(self) -> None:
        """Builds title and rows to the pane's width."""
        width = self.row_width
        if width <= 0:
            return
        self.title_line.put(with_filter(Content("Caches"), self.list), self._sum())
        if self._reports is None:
            self.show_rows((), Content("Reading the history …"))
            return
        accounts = [one for report in self._reports for one in report.accounts]
        names = max(8, width - _STATE - _RATE - _WORTH - 3)
        workflows = 1 + max(8, widest((one.workflow_name for one in accounts), 12)) if names > 52 else 0
        rows = [_head(names, workflows), *(_row(one, names, workflows) for one in accounts)] if accounts else []
        self.show_rows(rows, Content(_NOTHING))

    def _sum(self) -> Content:
        nets = [one.net_minutes_per_week for report in self._reports or () for one in report.accounts]
        known = [one for one in nets if one is not None]
        return Content.styled(f"{len(known)} of {len(nets)} with a baseline", look.MUTED) if nets else Content("")


def _head(names: int, workflows: int) -> Row:
    cells: list[Piece] = [(fit("  newest", _STATE + 2), look.FAINT), (fit("cache", names - workflows), look.FAINT)]
    if workflows:
        cells.append((fit(" workflow", workflows), look.FAINT))
    cells += [(right("hit", _RATE + 1), look.FAINT), (right("a week", _WORTH + 1), look.FAINT)]
    return Row("head", assemble(*cells), selectable=False)


def _row(one: CacheAccount, names: int, workflows: int) -> Row:
    state = look.of_cache(one.newest_state)
    net = one.net_minutes_per_week
    worth = DASH if net is None else minutes(net)
    style = look.FAINT if net is None else look.GOOD if net > 0 else look.BAD
    cells: list[Piece] = [
        (fit(f"{state.glyph} {state.word}", _STATE), state.style),
        (fit(one.cache, names - workflows), look.STRONG),
    ]
    if workflows:
        cells += [" ", (fit(one.workflow_name, workflows - 1), look.MUTED)]
    cells += [
        (right(percent(one.hit_rate), _RATE + 1), look.PLAIN),
        (right(worth, _WORTH + 1), style),
    ]
    search = f"{one.cache} {one.workflow_name} {state.word}"
    bad = one.newest_state is not None and state.style == look.BAD
    return Row(key_of(one), assemble(*cells), failed=bad, search=search)
