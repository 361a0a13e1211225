"""One cache: its four arms with intervals, its rates, and why its last miss missed."""

import textwrap
from collections.abc import Iterator
from datetime import datetime

from textual.content import Content

from cidash.domain.cache_ledger import Arm, ArmResult, Autopsy, CacheAccount
from cidash.domain.cache_words import ARM_WORDS, interval_text, rate_text, shift_text, worth_text
from cidash.domain.format import DASH, age_text, seconds_text
from cidash.tui import look
from cidash.tui.columns import Piece, assemble, fit, right
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane

_ARM, _N, _MEDIAN = 12, 4, 8
_BAR_AT_LEAST, _BAR_AT_MOST = 12, 40
_SHIFT = 30
_STYLES = {
    Arm.NONE: look.CALM,
    Arm.MISS: look.BAD,
    Arm.PARTIAL: look.BUSY,
    Arm.HIT: look.GOOD,
    Arm.BROKEN: look.BAD,
}


class AccountPane(Pane):
    """Rows are the arms, then lines of text that can be scrolled through."""

    def __init__(self) -> None:
        super().__init__(id="account")
        self._account: CacheAccount | None = None
        self._autopsy: Autopsy | None = None
        self._now: datetime | None = None

    def show(self, account: CacheAccount | None, autopsy: Autopsy | None, now: datetime) -> None:
        """Shows one cache."""
        self._account, self._autopsy, self._now = account, autopsy, now
        self.rebuild()

    @property
    def sentence(self) -> str | None:
        """What this cache is about, in one sentence for a ticket."""
        one = self._account
        if one is None:
            return None
        worth = worth_text(one)
        text = f"{one.cache} in {one.workflow_name}: {rate_text(one)}{f'; {worth}' if worth else ''}; {one.note}."
        return f"{text} Last {self._autopsy.state}: {self._autopsy.sentence}" if self._autopsy is not None else text

    def rebuild(self) -> None:
        """Builds title and rows to the pane's width."""
        one, now = self._account, self._now
        if self.row_width <= 0:
            return
        if one is None or now is None:
            self.title_line.put(Content("Arms"), Content(""))
            self.show_rows((), Content(""))
            return
        jobs = f"{one.workflow_name}, job{'s' if len(one.jobs) > 1 else ''} {', '.join(one.jobs)}"
        self.title_line.put(Content(one.cache), Content.styled(jobs, look.MUTED))
        self.show_rows([*self._arms(one), *self._texts(one, now)], Content(""))

    def _arms(self, one: CacheAccount) -> Iterator[Row]:
        width = self.row_width
        ends = [each.interval_seconds[1] if each.interval_seconds else each.median_seconds or 0.0 for each in one.arms]
        top = max(ends, default=0.0)
        bar = min(_BAR_AT_MOST, width - _ARM - _N - _MEDIAN - 2 - _SHIFT)
        bar = bar if bar >= _BAR_AT_LEAST else 0
        cells: list[Piece] = [(fit("arm", _ARM), look.FAINT), (right("n", _N), look.FAINT)]
        cells.append((right("median", _MEDIAN), look.FAINT))
        if bar:
            cells.append(("  " + fit("95 % interval", bar), look.FAINT))
        cells.append(("  against none", look.FAINT))
        yield Row("head", assemble("  ", *cells), selectable=False)
        for each in one.arms:
            yield _arm_row(each, bar, top)

    def _texts(self, one: CacheAccount, now: datetime) -> Iterator[Row]:
        yield Row(("gap", 1), Content(""), selectable=False)
        yield from self._lines("rate", rate_text(one), look.PLAIN)
        if worth := worth_text(one):
            yield from self._lines("worth", worth, look.PLAIN)
        yield from self._lines("note", one.note, look.MUTED)
        if one.left_out:
            left = f"{one.left_out} runs with other jobs or runners are left out"
            yield from self._lines("left", left, look.MUTED)
        autopsy = self._autopsy
        if autopsy is None:
            return
        yield Row(("gap", 2), Content(""), selectable=False)
        state = look.of_cache(autopsy.state)
        age = age_text((now - autopsy.at).total_seconds())
        head = assemble(
            (f"{state.glyph} last {state.word}", state.style),
            (f"  {age} ago, #{autopsy.run_number} of {autopsy.branch or DASH}", look.MUTED),
        )
        yield Row("autopsy", head, url=autopsy.url, failed=True, search=autopsy.sentence)
        yield from self._lines("why", autopsy.sentence, look.STRONG, autopsy.url)
        for place, proof in enumerate(autopsy.evidence):
            yield from self._lines(("proof", place), proof, look.MUTED, autopsy.url)

    def _lines(self, key: object, text: str, style: str, url: str | None = None) -> Iterator[Row]:
        for place, line in enumerate(textwrap.wrap(text, max(20, self.row_width)) or [""]):
            yield Row((key, place), Content.styled(line, style), url=url, search=text)


def _arm_row(one: ArmResult, bar: int, top: float) -> Row:
    style = _STYLES[one.arm] if one.n else look.FAINT
    cells: list[Piece] = [
        (fit(ARM_WORDS[one.arm], _ARM), style),
        (right(str(one.n), _N), look.PLAIN if one.n else look.FAINT),
        (right(seconds_text(one.median_seconds), _MEDIAN), look.STRONG if one.n else look.FAINT),
    ]
    if bar:
        cells += ["  ", (fit(interval_bar(one, bar, top), bar), style)]
    shift = shift_text(one) or ("" if bar or not one.n else f"95 %: {interval_text(one)}")
    cells += ["  ", (shift, look.PLAIN)]
    return Row(("arm", one.arm), assemble(*cells), search=ARM_WORDS[one.arm])


def interval_bar(one: ArmResult, width: int, top: float) -> str:
    """Returns the median inside its interval on a scale from 0 to `top`; how many runs are lacking without one."""
    if one.median_seconds is None or top <= 0 or width < 4:
        return ""
    at = round(one.median_seconds / top * (width - 1))
    if one.interval_seconds is None:
        lacking = interval_text(one)
        line = " " * at + "┃"
        return f"{line} {lacking}" if at + 2 + len(lacking) <= width else line
    low, high = (round(end / top * (width - 1)) for end in one.interval_seconds)
    drawn = [" "] * width
    drawn[low : high + 1] = "─" * (high + 1 - low)
    if low < at:
        drawn[low] = "├"
    if high > at:
        drawn[high] = "┤"
    drawn[at] = "┃"
    return "".join(drawn).rstrip()
