"""Which tickets of a guide are in Jira already. Pure: what Jira holds was read before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cidash.analysis.guide import GuideTicket
from cidash.domain.epic import Ticket


@dataclass(frozen=True, slots=True)
class GuideMatch:
    """A ticket of the guide and the one in Jira that is it, or None when it has to be created."""

    guide: GuideTicket
    ticket: Ticket | None
    by: str
    """`label`, `key` or `summary`; empty without a ticket."""


def match_guide(guide: Iterable[GuideTicket], family: Sequence[Ticket], epic_key: str) -> tuple[GuideMatch, ...]:
    """Returns a match for every ticket of the guide: by label, then by key if a child has it, then by summary.

    Jira assigns the keys, so the label is what a ticket made from the guide is known by. A child that carries the
    label of one ticket of the guide is not taken for another, whatever its key or summary; each child is used once.

    Args:
        guide: what the guide describes.
        family: the epic's children as they are now.
        epic_key: the epic; a guide's heading for it is left out.
    """
    wanted = [one for one in guide if one.key != epic_key]
    labels = {one.label.casefold() for one in wanted}
    found: dict[str, tuple[Ticket, str]] = {}
    taken: set[str] = set()

    def take(how: str, fits: "list[tuple[GuideTicket, Ticket]]") -> None:
        for one, ticket in fits:
            if one.key not in found and ticket.id not in taken:
                found[one.key] = (ticket, how)
                taken.add(ticket.id)

    take("label", [(one, child) for one in wanted for child in family if one.label.casefold() in _labels(child)])
    free = [child for child in family if not _labels(child) & labels]
    take("key", [(one, child) for one in wanted for child in free if child.key == one.key])
    take(
        "summary",
        [
            (one, child)
            for one in wanted
            for child in free
            if _words(child.summary) in {_words(one.summary), _words(one.title)}
        ],
    )
    return tuple(GuideMatch(one, *found.get(one.key, (None, ""))) for one in wanted)


def _labels(ticket: Ticket) -> set[str]:
    return {label.casefold() for label in ticket.labels}


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
