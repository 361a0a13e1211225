"""`cidash ticket move`: a ticket to another status, by the transitions that this user has."""

import os
from collections.abc import Sequence
from typing import Any

from cidash.cli import loop, session
from cidash.cli.confirm import check_allowed
from cidash.cli.exits import OK, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.ticket_outcome import carry_out_ticket, print_document
from cidash.config.model import Config, checked_key
from cidash.config.token import jira_credentials
from cidash.domain.clock import SystemClock
from cidash.domain.command import MoveTicket
from cidash.domain.epic import FieldOption, Ticket, Transition, TransitionField
from cidash.transport.bodies import MemoryBodies


def move(arguments: Arguments) -> int:
    """Moves the ticket by the one transition that leads to the named status, or has that name."""
    arguments.key = keyed(arguments.key)
    given = dict(pair(written) for written in arguments.field)
    loaded = session.load_config(arguments)
    check_allowed(arguments, loaded.config)
    return loop.run(_move(arguments, loaded.config, given))


def keyed(written: str) -> str:
    """Returns a ticket's key in upper case.

    Raises:
        UsageError: it is none.
    """
    try:
        return checked_key(written)
    except ValueError as error:
        raise UsageError(f'"{written[:100]}" {error}.') from None


async def _move(arguments: Arguments, config: Config, given: dict[str, str]) -> int:
    ticket = await read_ticket(arguments.key, config)
    if ticket.status.name.casefold() == arguments.status.casefold():
        sentence = f"{ticket.key} is {ticket.status.name} already."
        if arguments.json:
            print_document({"actions": [{"command": None, "state": "done", "sentence": sentence}]})
        else:
            print(sentence)
        return OK
    async with session.opened(config, ()) as engine:
        transition = _transition(ticket, arguments.status, await engine.transitions(ticket.key))
        fields = field_values(transition, given)
        command = MoveTicket(
            ticket.key, transition.id, transition.name, ticket.status, transition.to, fields, arguments.comment
        )
        return await carry_out_ticket(command, engine, arguments)


async def read_ticket(key: str, config: Config) -> Ticket:
    """Returns the ticket as it is now: read by itself, for the search behind the epic lags after a write.

    Raises:
        UsageError: Jira is not configured.
        SourceError: the ticket can't be read.
    """
    from cidash.jira.client import JiraClient

    credentials = jira_credentials(config, os.environ)
    if credentials is None or config.jira is None or config.jira.epic is None:
        raise UsageError(
            "Jira is not configured: it needs jira.epic, the site's URL, a token, and for Jira Cloud an e-mail address "
            "(JIRA_URL, JIRA_API_TOKEN, JIRA_EMAIL)."
        )
    client = JiraClient(
        credentials.url, credentials.email, credentials.token, MemoryBodies(), SystemClock(), credentials.api_url
    )
    try:
        return await client.ticket(key)
    finally:
        await client.close()


def _transition(ticket: Ticket, wanted: str, offered: Sequence[Transition]) -> Transition:
    """Returns the transition of that name, or the only one to a status of that name.

    Raises:
        UsageError: there is none, or several.
    """
    word = wanted.casefold()
    found = [one for one in offered if one.name.casefold() == word] or [
        one for one in offered if one.to.name.casefold() == word
    ]
    if len(found) == 1:
        return found[0]
    moves = ", ".join(f"{one.name} (to {one.to.name})" for one in found or offered)
    if not offered:
        raise UsageError(f"Jira offers no transition of {ticket.key} to you: it is {ticket.status.name}.")
    if found:
        raise UsageError(
            f'Several transitions of {ticket.key} lead to "{found[0].to.name}", name one of them: {moves}.'
        )
    raise UsageError(
        f'{ticket.key} is {ticket.status.name}, from where no transition leads to "{wanted[:100]}". There are: {moves}.'
    )


def field_values(
    transition: Transition, given: dict[str, str], required: Sequence[TransitionField] | None = None
) -> dict[str, Any]:
    """Returns what was given for the transition's fields (by id or name) as Jira takes it, by field id.

    Raises:
        UsageError: a field is not on the screen, a value is not allowed, or a required one is missing.
    """
    values: dict[str, Any] = {}
    for name, written in given.items():
        field = next(
            (one for one in transition.fields if name.casefold() in {one.key.casefold(), one.name.casefold()}), None
        )
        if field is None:
            known = ", ".join(one.key for one in transition.fields) or "none"
            raise UsageError(f'The transition {transition.name} has no field "{name[:100]}". Its fields: {known}.')
        values[field.key] = _value(field, written)
    needed = transition.required_fields if required is None else required
    missing = [field for field in needed if field.key not in values]
    if missing:
        hints = "; ".join(_hint(field) for field in missing)
        raise UsageError(f"The transition {transition.name} requires {hints}.")
    return values


def _hint(field: TransitionField) -> str:
    allowed = f", one of: {', '.join(option.name for option in field.options)}" if field.options else ""
    example = field.options[0].name if field.options else "VALUE"
    quoted = f'"{field.key}={example}"' if " " in example else f"{field.key}={example}"
    return f"{field.name} (--field {quoted}{allowed})"


def _value(field: TransitionField, written: str) -> Any:
    if field.type == "array":
        words = [word.strip() for word in written.split(",") if word.strip()]
        if field.options:
            return [{"id": _option(field, word).id} for word in words]
        return [_plain(field, field.items or "string", word) for word in words]
    if field.options:
        return {"id": _option(field, written).id}
    return _plain(field, field.type, written)


def _plain(field: TransitionField, kind: str, written: str) -> Any:
    if kind == "number":
        try:
            number = float(written)
        except ValueError:
            raise UsageError(f'{field.name} must be a number, not "{written[:100]}".') from None
        return int(number) if number.is_integer() else number
    return {"accountId": written} if kind == "user" else written


def _option(field: TransitionField, written: str) -> FieldOption:
    word = written.strip().casefold()
    for option in field.options:
        if word in {option.name.casefold(), option.id}:
            return option
    names = ", ".join(option.name for option in field.options)
    raise UsageError(f'"{written[:100]}" is not allowed for {field.name}. Allowed: {names}.')


def pair(written: str) -> tuple[str, str]:
    """Returns name and value of `NAME=VALUE`; raises UsageError."""
    name, sign, value = written.partition("=")
    if not sign or not name.strip():
        raise UsageError(f'--field must be NAME=VALUE, not "{written[:100]}".')
    return name.strip(), value
