"""What a branch demands, all sources put together: the strictest wins, and what was not readable stays named."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from cidash.domain.merge import (
    DemandedCheck,
    Demands,
    DemandSource,
    RequiredCheck,
    Requirements,
    Review,
    Sourced,
)

T = TypeVar("T")

_APPROVED, _CHANGES, _DISMISSED = "APPROVED", "CHANGES_REQUESTED", "DISMISSED"


def combined(demands: Iterable[Demands]) -> Requirements:
    """Returns what the branch demands, from what could be read; a source that is not among `demands` is unread.

    Rulesets count by themselves. Classic protection counts by itself where it is readable, else by the branch's
    summary: what that leaves open stays open.
    """
    by_source = {one.source: one for one in demands}
    rules = by_source.get(DemandSource.RULES)
    classic = by_source.get(DemandSource.CLASSIC)
    summary = by_source.get(DemandSource.BRANCH)

    def told(field: Callable[[Demands], T | None]) -> tuple[list[tuple[DemandSource, T]], tuple[DemandSource, ...]]:
        values: list[tuple[DemandSource, T]] = []
        unread: list[DemandSource] = []
        for kind, sources in ((DemandSource.RULES, (rules,)), (DemandSource.CLASSIC, (classic, summary))):
            found = [(one.source, value) for one in sources if one is not None and (value := field(one)) is not None]
            values += found
            if not found:
                unread.append(kind)
        return values, tuple(unread)

    def any_of(field: Callable[[Demands], bool | None]) -> Sourced[bool]:
        values, unread = told(field)
        sayers = tuple(source for source, value in values if value)
        return Sourced(bool(sayers), sayers, unread)

    counts, unread_counts = told(lambda one: one.approvals)
    most = max((count for _, count in counts), default=0)
    return Requirements(
        checks=_checks(*told(lambda one: one.checks)),
        strict=any_of(lambda one: one.strict),
        approvals=Sourced(most, tuple(source for source, count in counts if most and count == most), unread_counts),
        code_owners=any_of(lambda one: one.code_owners),
        last_push_approval=any_of(lambda one: one.last_push_approval),
        conversations=any_of(lambda one: one.conversations),
        merge_queue=any_of(lambda one: one.merge_queue),
    )


def _checks(
    values: Sequence[tuple[DemandSource, Sequence[DemandedCheck]]], unread: tuple[DemandSource, ...]
) -> Sourced[tuple[RequiredCheck, ...]]:
    """Joins the required checks by name; where only one source names an app, the check is pinned to it."""
    found: dict[tuple[str, int | None], list[DemandSource]] = {}
    for source, checks in values:
        for check in checks:
            sources = found.setdefault((check.name, check.app_id), [])
            if source not in sources:
                sources.append(source)
    pinned = {name for name, app in found if app is not None}
    for name in pinned:
        unpinned = found.pop((name, None), [])
        for (other, _), sources in found.items():
            if other == name:
                sources += [source for source in unpinned if source not in sources]
    joined = tuple(RequiredCheck(DemandedCheck(name, app), tuple(sources)) for (name, app), sources in found.items())
    return Sourced(joined, tuple(source for source, checks in values if checks), unread)


def approvals_of(reviews: Iterable[Review], author: str) -> tuple[int, tuple[str, ...]]:
    """Returns how many approvals count, and who asks for changes: of every reviewer the newest word that decides.

    A comment takes nothing back. The author's own reviews and those of strangers to the repository do not count.
    """
    newest: dict[str, str] = {}
    for review in reviews:  # oldest first, as GitHub lists them
        if review.author != author and review.counts and review.state in {_APPROVED, _CHANGES, _DISMISSED}:
            newest[review.author] = review.state
    given = sum(state == _APPROVED for state in newest.values())
    return given, tuple(sorted(name for name, state in newest.items() if state == _CHANGES))
