"""The targets: before, goal, now, with the number of runs behind every verdict."""

from collections import Counter

from textual.content import Content

from cidash.domain.format import DASH, value_text
from cidash.domain.target import Target, TargetResult, Verdict
from cidash.tui import look
from cidash.tui.columns import assemble, fit, right, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane, as_many_as_fit, with_filter
from cidash.tui.watch.moment import Moment

_GAUGE_FROM = 64
_GAUGE_MAX = 30


class TargetsPane(Pane):
    """Rows are the targets in their configured order."""

    def __init__(self) -> None:
        super().__init__(id="targets")
        self._moment: Moment | None = None

    def show(self, moment: Moment) -> None:
        """Shows the targets of this moment."""
        self._moment = moment
        self.rebuild()

    @property
    def wanted_height(self) -> int:
        """Lines that show everything."""
        return 2 + max(1, len(self._moment.snapshot.targets) if self._moment is not None else 1)

    def rebuild(self) -> None:
        """Builds title and rows to the pane's width."""
        moment = self._moment
        if moment is None or self.row_width <= 0:
            return
        results = moment.snapshot.targets
        left = with_filter(Content("Targets"), self.list)
        self.title_line.put(left, as_many_as_fit(_summary(results), self.size.width - left.cell_length - 8))
        columns = _Columns(results, self.row_width)
        self.show_rows([columns.row(result) for result in results], Content("No targets are configured."))


class _Columns:
    """Common widths for the targets."""

    def __init__(self, results: tuple[TargetResult, ...], width: int) -> None:
        self._before = widest((_before(result.target) for result in results), 12 if width >= _GAUGE_FROM else 6)
        self._goal = widest((_goal(result.target) for result in results), 12 if width >= _GAUGE_FROM else 9)
        self._now = widest((_now(result) for result in results), 10)
        self._n = widest((_count(result) for result in results), 6)
        self._verdict = 2 + widest(look.of_verdict(result.verdict).word for result in results)
        fixed = self._before + 3 + self._goal + 2 + self._now + 1 + self._n + 2 + self._verdict
        titles = widest(result.target.title for result in results)
        self._gauge = 0
        if width >= _GAUGE_FROM:
            self._gauge = max(0, min(_GAUGE_MAX, width - fixed - min(titles, 22) - 4))
        self._gauge = self._gauge if self._gauge >= 8 else 0
        self._title = max(4, width - fixed - 2 - (self._gauge + 2 if self._gauge else 0))

    def row(self, result: TargetResult) -> Row:
        target = result.target
        verdict = look.of_verdict(result.verdict)
        cells: list[str | tuple[str, str] | Content] = [
            (fit(target.title, self._title), look.PLAIN),
            "  ",
            (right(_before(target), self._before), look.MUTED),
            (" → ", look.FAINT),
            (fit(_goal(target), self._goal), look.PLAIN),
            "  ",
        ]
        if self._gauge:
            cells += [gauge(result, self._gauge), "  "]
        known = result.value is not None
        cells += [
            (right(_now(result), self._now), verdict.style if known else look.FAINT),
            " ",
            (fit(_count(result), self._n), look.MUTED),
            "  ",
            (fit(f"{verdict.glyph} {verdict.word}", self._verdict), verdict.style),
        ]
        search = f"{target.title} {target.id} {verdict.word} {target.ticket or ''}"
        return Row(target.id, assemble(*cells), failed=result.verdict is Verdict.MISSED, search=search)


def gauge(result: TargetResult, width: int) -> Content:
    """Returns `width` cells: the interval with its median, and the limit as a mark; faint when nothing is known."""
    target, value = result.target, result.value
    if value is None or target.limit is None or width < 5:
        return Content.styled(fit(DASH, width), look.FAINT)
    low, high = result.interval or (value, value)
    top = max(target.limit, high, value, target.baseline or 0.0) * 1.05 or 1.0

    def cell(amount: float) -> int:
        return max(0, min(width - 1, int(amount / top * width)))

    style = look.of_verdict(result.verdict).style
    cells: list[tuple[str, str]] = [(look.RULE, look.LINE)] * width
    if result.interval is not None and cell(high) > cell(low):
        for at in range(cell(low), cell(high) + 1):
            cells[at] = (look.RULE, style)
        cells[cell(low)], cells[cell(high)] = ("├", style), ("┤", style)
        cells[cell(value)] = ("┃", style)
    else:
        for at in range(cell(value) + 1):
            cells[at] = (look.STEP_BAR, style)
    cells[cell(target.limit)] = ("▲", look.STRONG)
    return Content.assemble(*cells)


def _before(target: Target) -> str:
    return target.baseline_text or value_text(target.baseline, target.unit)


def _goal(target: Target) -> str:
    if target.limit_text is not None:
        return target.limit_text
    return DASH if target.limit is None else f"{_sign(target)}{value_text(target.limit, target.unit)}"


def _sign(target: Target) -> str:
    return "≤" if target.unit == "seconds" else ""


def _now(result: TargetResult) -> str:
    return value_text(result.value, result.target.unit)


def _count(result: TargetResult) -> str:
    return f"n={result.n}" if result.n else ""


def _summary(results: tuple[TargetResult, ...]) -> list[Content]:
    counts = Counter(result.verdict for result in results)
    return [
        Content.styled(f"{counts[verdict]} {look.of_verdict(verdict).word.lower()}", look.of_verdict(verdict).style)
        for verdict in (Verdict.MET, Verdict.MISSED, Verdict.NOT_PROVEN, Verdict.UNKNOWN)
        if counts[verdict]
    ]
