"""`cidash targets`: before, goal, now, and the verdict with its reason."""

from collections.abc import Sequence

from cidash.cli import loop, session
from cidash.cli.console import Cell, Console
from cidash.cli.exits import OK, REFUSED, UNKNOWN
from cidash.cli.parser import Arguments
from cidash.cli.words import DIM, VERDICTS
from cidash.domain.format import DASH, percent, value_text
from cidash.domain.target import Target, TargetResult, Verdict

WIDE = 150
"""From so many cells on the reasons have room beside the numbers."""
COLLECT = 60
"""Requests that may go into filling the history: a verdict needs runs with their jobs."""


def targets(arguments: Arguments) -> int:
    """Prints the targets as a table, as Markdown or as JSON; with `--exit-status` the code tells the worst verdict."""
    from cidash.cli.status import has_answer, read

    loaded = session.load_config(arguments)
    choice = session.choose(arguments, loaded)
    snapshot = loop.run(read(loaded.config, choice.shown, COLLECT))
    if arguments.json:
        from cidash.cli.encode import dumps, targets_document

        print(dumps(targets_document(snapshot, snapshot.at)))
    elif arguments.markdown:
        print(markdown(snapshot.targets))
    else:
        print_targets(snapshot.targets, session.console(loaded.config))
    has_answer(snapshot)
    return exit_status(snapshot.targets) if arguments.exit_status else OK


def print_targets(results: Sequence[TargetResult], console: Console) -> None:
    """Prints the table; the reasons are its last column where there is room, else lines of their own."""
    rows = rows_of_targets(results)
    for row, result in zip(rows, results, strict=True):
        row += [(interval(result), DIM), (share(result), DIM)]
    head: list[Cell] = [
        (word, DIM) for word in ("verdict", "target", "before", "goal", "now", "n", "95 % interval", "within")
    ]
    reasons = [result.reason for result in results]
    if console.width is not None and console.width < WIDE:
        console.table([head, *rows], indent=0, right=(5,), notes=["", *reasons])
    else:
        told: list[Cell] = [("reason", DIM), *((reason, DIM) for reason in reasons)]
        wide = [[*row, reason] for row, reason in zip([head, *rows], told, strict=True)]
        console.table(wide, indent=0, right=(5,))


def interval(result: TargetResult) -> str:
    """Returns the interval of the median (or the saving) as text; a dash where there is none."""
    if result.interval is None:
        return DASH
    return "–".join(value_text(end, result.target.unit) for end in result.interval)


def share(result: TargetResult) -> str:
    """Returns how many runs are within the limit, with the Wilson interval of that share; a dash without any run."""
    if result.within is None or not result.n or result.share_interval is None:
        return DASH
    low, high = result.share_interval
    return f"{result.within}/{result.n} ({percent(low)}–{percent(high)})"


def exit_status(results: Sequence[TargetResult]) -> int:
    """Returns 1 if anything is missed, else 2 if anything is not proven or unknown (or there is nothing), else 0."""
    verdicts = {result.verdict for result in results}
    if Verdict.MISSED in verdicts:
        return REFUSED
    return OK if verdicts == {Verdict.MET} else UNKNOWN


def rows_of_targets(results: Sequence[TargetResult]) -> list[list[Cell]]:
    """Returns verdict, title, baseline, limit, value and n of each target."""
    return [
        [
            VERDICTS[result.verdict],
            result.target.title,
            before(result.target),
            goal(result.target),
            value_text(result.value, result.target.unit),
            str(result.n),
        ]
        for result in results
    ]


def before(target: Target) -> str:
    """Returns the baseline as text; a dash when there is none."""
    return target.baseline_text or value_text(target.baseline, target.unit)


def goal(target: Target) -> str:
    """Returns the limit as text; a duration has to be at most it."""
    if target.limit_text is not None:
        return target.limit_text
    sign = "≤ " if target.unit == "seconds" and target.limit is not None else ""
    return sign + value_text(target.limit, target.unit)


def markdown(results: Sequence[TargetResult]) -> str:
    """Returns the table for a ticket or a job summary; strangers' signs can't break out of their cells."""
    lines = [
        "| Target | Before | Goal | Now | 95 % interval | n | Within | Verdict | Reason |",
        "|---|---|---|---|---|---:|---|---|---|",
    ]
    for result in results:
        one = result.target
        fields = [
            one.title,
            before(one),
            goal(one),
            value_text(result.value, one.unit),
            interval(result),
            str(result.n),
            share(result),
            VERDICTS[result.verdict].word,
            result.reason,
        ]
        lines.append("| " + " | ".join(_escaped(field) for field in fields) + " |")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    text = "".join(f"\\{char}" if char in "\\`*_[]|~" else char for char in text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
