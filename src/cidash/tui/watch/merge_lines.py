"""What blocks the merge of the selected pull request, as lines: one for each thing that blocks, or may."""

from textual.content import Content

from cidash.analysis.merge_blockers import merge_blockers, merge_sentence, merge_verdict
from cidash.domain.ci import PullRequest
from cidash.domain.format import age_text
from cidash.domain.merge import MergeState, MergeVerdict, Weight
from cidash.domain.snapshot import Part, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble, fit
from cidash.tui.watch.items import Item
from cidash.tui.watch.moment import Moment

LABEL = 8
AT_MOST = 6
_MARKS = {Weight.BLOCKS: ("✗", look.BAD), Weight.WAITS: ("◐", look.BUSY), Weight.UNKNOWN: ("?", look.MUTED)}
_VERDICTS = {
    MergeVerdict.CLEAR: ("✓", look.GOOD),
    MergeVerdict.BLOCKED: ("✗", look.BAD),
    MergeVerdict.WAITING: ("◐", look.BUSY),
    MergeVerdict.UNKNOWN: ("?", look.MUTED),
}


def merge_lines(moment: Moment, item: Item, pull: PullRequest, width: int) -> list[Content]:
    """Returns the lines: one alone where all of it fits, else a heading and one for each blocker."""
    unread: Part[MergeState] = Part()
    part = item.repository.merge.get(pull.number, unread)
    merge = part.data
    if merge is None or merge.head_sha != pull.head_sha:
        if part.problem is not None and part.state is SourceState.FAILING:
            return [_line("merge", ("? unknown: ", look.MUTED), (part.problem.sentence, look.MUTED))]
        return [_line("merge", ("◌ reading what blocks it", look.MUTED))]
    blockers = merge_blockers(merge)
    verdict = merge_verdict(blockers)
    mark, style = _VERDICTS[verdict]
    sentence = merge_sentence(merge, blockers, item.state)
    old = ""
    if part.state is SourceState.FAILING:
        old = f" ({age_text(part.age_seconds(moment.now))} old)"
    if verdict is MergeVerdict.CLEAR and not (item.state is not None and item.state.is_green):
        mark, style = "◐", look.BUSY
    whole = _line("merge", (f"{mark} {sentence}", style), (old, look.MUTED))
    if len(blockers) <= 1 or whole.cell_length <= width:
        return [whole]
    lines = [_line("merge", (f"{mark} {verdict.value}:", style), (old, look.MUTED))]
    shown = blockers if len(blockers) <= AT_MOST else blockers[: AT_MOST - 1]
    for blocker in shown:
        sign, colour = _MARKS[blocker.weight]
        lines.append(_line("", (f"{sign} ", colour), (blocker.sentence, look.PLAIN)))
    if len(shown) < len(blockers):
        lines.append(_line("", (f"and {len(blockers) - len(shown)} more", look.MUTED)))
    return lines


def _line(label: str, *pieces: tuple[str, str]) -> Content:
    return assemble("  ", (fit(label, LABEL), look.FAINT), *pieces)
