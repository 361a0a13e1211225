"""`cidash compare`: base against head as a card with intervals, or as JSON."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cidash.analysis.comparison_text import change_text, detectable_text, more_text, p_text, shift_text
from cidash.cli import loop, session
from cidash.cli.console import Cell, Console, cut, warn
from cidash.cli.exits import OK, REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.words import DIM, GREEN, RED, YELLOW, Word
from cidash.config.model import Config
from cidash.domain.comparison import By, Comparison, Contrast, Outcome, Question, Sample, Side
from cidash.domain.format import DASH, percent, seconds_text
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId

REQUESTS = 150
"""So many may go into reading the runs of both sides, their jobs, logs and workflow files."""
_LOGS = 40
_ROWS = 8
_WIDE = 100
_BAR = 28
_PULL = re.compile(r"(?:#|https?://\S+/pull/)?(?P<number>[0-9]{1,9})/?(?:files|commits|checks)?")

_OUTCOMES = {
    Outcome.BETTER: Word("✓", "BETTER", GREEN),
    Outcome.WORSE: Word("✗", "WORSE", RED),
    Outcome.NO_PROOF: Word("~", "no proof", YELLOW),
}


def compare(arguments: Arguments) -> int:
    """Prints the comparison, and returns 1 when there is no run on one of the sides."""
    loaded = session.load_config(arguments)
    repository = session.choose(arguments, loaded).only
    question = Question(
        arguments.base, arguments.head, By(arguments.by), arguments.workflow, arguments.job, arguments.step
    )
    try:
        found = loop.run(_read(loaded.config, repository, question))
    except ValueError as error:
        raise UsageError(str(error)) from None
    if arguments.json:
        from cidash.cli.encode import dumps, envelope
        from cidash.cli.encode_comparison import comparison
        from cidash.domain.clock import SystemClock

        print(dumps({**envelope(SystemClock().now()), "repository": str(repository), **comparison(found)}))
    else:
        print_card(found, session.console(loaded.config))
    return OK if found.base.runs and found.head.runs else REFUSED


async def _read(config: Config, repository: RepositoryId, question: Question) -> Comparison:
    """Returns the comparison after reading what the history lacks; without an answer from GitHub, from it alone."""
    async with session.opened(config, (repository,)) as engine:
        comparer = engine.comparer(repository)
        try:
            if question.by is By.BRANCH:
                question = replace(
                    question,
                    base=await _branch(question.base, comparer.branch_of_pull),
                    head=await _branch(question.head, comparer.branch_of_pull),
                )
            await comparer.fill(question, REQUESTS)
            await engine.collect(_LOGS)
        except SourceError as error:
            warn(f"{error.problem.sentence} What is shown comes from the history.")
        return comparer.answer(question)


async def _branch(word: str, branch_of_pull: Callable[[int], Awaitable[str]]) -> str:
    """Returns the branch that is meant: a pull request's head branch for `38`, `#38` or its URL, else the word."""
    match = _PULL.fullmatch(word)
    return word if match is None else await branch_of_pull(int(match["number"]))


def print_card(one: Comparison, console: Console) -> None:
    """Prints verdict, both samples with their intervals, what differs besides, and the costliest jobs and steps."""
    names = (one.base.label, one.head.label)
    what = ", ".join(filter(None, [one.workflow_name, one.question.job, one.question.step])) or "runs"
    console.heading(f"{what}: {names[1]} against {names[0]}")
    outcome = _OUTCOMES[one.whole.verdict]
    text, note = _headline(one.whole, names)
    console.entry(outcome, text, "")
    console.note(f"    {note}")
    console.line()
    top = _top(one.whole)
    rows: list[list[Cell]] = [
        [label, *_sample(sample), bar(sample, top)]
        for label, sample in ((names[0], one.whole.base), (names[1], one.whole.head))
    ]
    console.table([[("", DIM), ("n", DIM), ("median", DIM), ("95 % interval", DIM), ""], *rows], right=(1, 2))
    for side in (one.base, one.head):
        _print_left_out(side, console)
    if one.confounders:
        console.line()
        console.heading("Besides the code")
        for confounder in one.confounders:
            console.line(f"  {'!' if confounder.known else '?'} {confounder.sentence}")
    _print_parts("Jobs", one.jobs, console)
    short = f"{one.short_steps} shorter than 5 s not compared" if one.short_steps else ""
    _print_parts("Steps", one.steps, console, short)
    for words, only in (("Only in base", one.only_base), ("Only in head", one.only_head)):
        if only:
            console.note(f"  {words}: {', '.join(only)}")
    console.line()
    console.paragraph(one.sentence)


def _headline(one: Contrast, names: tuple[str, str]) -> tuple[str, str]:
    if one.ratio is None:
        return "one side has no comparable run", ""
    chance = f"faster in {percent(one.chance_faster)} of pairs" if one.chance_faster is not None else ""
    notes = [p_text(one.p_value), f"n = {one.base.n} + {one.head.n}", chance]
    if one.verdict is Outcome.NO_PROOF:
        notes += [one.fact or "", more_text(one, names) or detectable_text(one) or ""]
    return f"{change_text(one)}   {shift_text(one)}", " · ".join(filter(None, notes))


def _sample(one: Sample) -> list[Cell]:
    interval = one.interval_seconds
    text = DASH if interval is None else f"{seconds_text(interval[0])} – {seconds_text(interval[1])}"
    return [str(one.n), seconds_text(one.median_seconds), (text, DIM)]


def _top(one: Contrast) -> float:
    ends = [side.interval_seconds[1] for side in (one.base, one.head) if side.interval_seconds]
    return max([*ends, *(side.median_seconds or 0.0 for side in (one.base, one.head)), 1.0])


def bar(one: Sample, top: float, width: int = _BAR) -> str:
    """Returns the median inside its interval on a scale from 0 to `top`: `   ├──┃───┤`; a tick alone without one."""
    if one.median_seconds is None:
        return ""

    def cell(seconds: float) -> int:
        return max(0, min(width - 1, int(seconds / top * (width - 1) + 0.5)))

    cells = [" "] * width
    if one.interval_seconds is not None:
        low, high = (cell(end) for end in one.interval_seconds)
        for place in range(low, high + 1):
            cells[place] = "─"
        cells[low], cells[high] = "├", "┤"
    cells[cell(one.median_seconds)] = "┃"
    return "".join(cells).rstrip()


def _print_left_out(side: Side, console: Console) -> None:
    if side.left_out:
        told = ", ".join(f"{count} {reason}" for reason, count in side.left_out)
        console.note(f"  left out of {side.label}: {told}")


def _print_parts(title: str, parts: tuple[Contrast, ...], console: Console, more: str = "") -> None:
    if not parts:
        return
    console.line()
    console.heading(title)
    console.note("; ".join(filter(None, ["  costliest first, p adjusted by Holm", more])))
    is_wide = console.width is None or console.width >= _WIDE
    rows: list[list[Cell]] = []
    for one in parts[:_ROWS]:
        medians = f"{seconds_text(one.base.median_seconds)} → {seconds_text(one.head.median_seconds)}"
        more_cells: list[Cell] = [medians] if is_wide else []
        name = cut(one.step or one.job or "", 36 if is_wide else 24)
        told = f"{p_text(one.p_value)}  n = {one.base.n} + {one.head.n}"
        rows.append([_OUTCOMES[one.verdict], name, *more_cells, shift_text(one), (told, DIM)])
    console.table(rows)
    if len(parts) > _ROWS:
        console.note(f"  and {len(parts) - _ROWS} more (--json has all)")
