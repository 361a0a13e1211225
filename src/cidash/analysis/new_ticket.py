"""A new ticket, fitted to what the project's create screen takes. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cidash.analysis.guide import GuideTicket
from cidash.domain.epic import Ticket, TicketType, TransitionField
from cidash.domain.ticket_command import CreateTicket

ALWAYS_GIVEN = frozenset({"summary", "project", "issuetype", "parent", "reporter"})
"""Fields that a new ticket gets anyway: the reporter is whose token it is."""
DESCRIPTION_TEMPLATE = "h3. Goal\n\n\nh3. Done when\n* \n"


class CannotCreateError(ValueError):
    """The project's create screen does not allow it; the text is a whole sentence."""


def pick_type(types: Sequence[TicketType], children: Sequence[Ticket], wanted: str | None = None) -> TicketType:
    """Returns the type with that name; without one the type that most children have, else the first.

    Raises:
        CannotCreateError: there is no such type, or none at all (which is also how a missing right looks).
    """
    if not types:
        raise CannotCreateError("Jira offers no type of ticket to create here: this token may lack the right to.")
    if wanted is not None:
        named = next((one for one in types if one.name.casefold() == wanted.strip().casefold()), None)
        if named is None:
            raise CannotCreateError(
                f"There is no type of ticket “{wanted[:60]}”. There are: {', '.join(one.name for one in types)}."
            )
        return named
    counts = Counter(child.type_name for child in children)
    return max(types, key=lambda one: counts[one.name])


def missing_fields(kind: TicketType, given: Mapping[str, Any]) -> tuple[TransitionField, ...]:
    """Returns the required fields without a default that nothing was given for."""
    return tuple(
        one
        for one in kind.fields
        if one.required and not one.has_default and one.key not in ALWAYS_GIVEN and one.key not in given
    )


def fitted(kind: TicketType, command: CreateTicket) -> tuple[CreateTicket, tuple[str, ...]]:
    """Returns the command without what the create screen does not take, and the names of what was left out.

    Raises:
        CannotCreateError: a label that a repeat depends on can't be set.
    """
    left_out: list[str] = []
    if command.labels and "labels" not in kind.field_keys:
        if any(label.startswith("guide-") for label in command.labels):
            raise CannotCreateError(
                f"The create screen of {kind.name} has no labels, so a repeat could not tell what was made already."
            )
        command, left_out = replace(command, labels=()), [*left_out, "labels"]
    if command.estimate_seconds is not None and "timetracking" not in kind.field_keys:
        command, left_out = replace(command, estimate_seconds=None), [*left_out, "estimate"]
    if command.description and "description" not in kind.field_keys:
        command, left_out = replace(command, description=""), [*left_out, "description"]
    return command, tuple(left_out)


def from_guide(one: GuideTicket, epic_key: str, kind: TicketType) -> CreateTicket:
    """Returns the command that creates the guide's ticket, with the label that it is known by."""
    return CreateTicket(
        parent_key=epic_key,
        type_id=kind.id,
        type_name=kind.name,
        summary=one.summary,
        description=one.description,
        labels=(one.label,),
        estimate_seconds=one.estimate_seconds,
    )
