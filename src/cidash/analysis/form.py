"""Fields of a Jira screen as a form: how each can be drawn, and what is entered as the JSON that Jira takes. Pure."""

import contextlib
import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from cidash.domain.epic import Person, TransitionField


class FieldKind(StrEnum):
    """How a field is entered."""

    SELECT = "select"
    MULTI_SELECT = "multi-select"
    USER = "user"
    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    DATE = "date"
    LABELS = "labels"
    BROWSER = "browser"
    """Can't be drawn here: Jira's own page has it."""


class EntryError(ValueError):
    """What was entered can't be sent; the text is a whole sentence."""


_PARAGRAPHS = frozenset({"description", "environment"})
_ONE_OF = frozenset({"option", "resolution", "priority", "version", "component", "issuetype", "securitylevel", "group"})


def kind_of(field: TransitionField) -> FieldKind:
    """Returns how the field is entered."""
    if field.type == "array":
        if field.options and field.items in _ONE_OF:
            return FieldKind.MULTI_SELECT
        return {"string": FieldKind.LABELS, "user": FieldKind.USER}.get(field.items or "", FieldKind.BROWSER)
    if field.type in _ONE_OF:
        return FieldKind.SELECT if field.options else FieldKind.BROWSER
    if field.type == "string":
        if field.options:
            return FieldKind.SELECT
        many = field.key in _PARAGRAPHS or (field.custom or "").endswith(":textarea")
        return FieldKind.PARAGRAPH if many else FieldKind.TEXT
    plain = {"number": FieldKind.NUMBER, "date": FieldKind.DATE, "user": FieldKind.USER}
    return plain.get(field.type, FieldKind.BROWSER)


def json_of(field: TransitionField, entered: str | Sequence[str] | Person | None) -> Any:
    """Returns what was entered as Jira takes it, or None when nothing was.

    Args:
        field: the field.
        entered: text, ids of chosen options, or a person, as the kind asks.

    Raises:
        EntryError: a required field is empty, or the text is not what the field needs.
    """
    kind = kind_of(field)
    if entered is None or (not isinstance(entered, Person) and not entered) or entered == "":
        if field.required and not field.has_default:
            raise EntryError(f"{field.name} is required.")
        return None
    if isinstance(entered, Person):
        value = {entered.id_name: entered.id}
        return [value] if field.type == "array" else value
    if kind in {FieldKind.SELECT, FieldKind.MULTI_SELECT}:
        chosen = [{"id": one} for one in ([entered] if isinstance(entered, str) else entered)]
        return chosen if kind is FieldKind.MULTI_SELECT else chosen[0]
    text = entered if isinstance(entered, str) else " ".join(entered)
    return _typed(field, kind, text.strip())


def _typed(field: TransitionField, kind: FieldKind, text: str) -> Any:
    if not text:
        return json_of(field, None)
    if kind is FieldKind.NUMBER:
        return _number(field, text)
    if kind is FieldKind.DATE:
        return _date(field, text)
    if kind is FieldKind.LABELS:
        return [word for word in re.split(r"[\s,]+", text) if word]
    if kind is FieldKind.USER:
        raise EntryError(f"{field.name}: choose one of the people found.")
    return text


def _number(field: TransitionField, text: str) -> float | int:
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]\d{1,10})?", text):
        raise EntryError(f"{field.name}: {text[:40]} is not a number.")
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def _date(field: TransitionField, text: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text).isoformat()
    raise EntryError(f"{field.name}: a date looks like 2026-01-31.")


def in_form_order(fields: Sequence[TransitionField]) -> tuple[TransitionField, ...]:
    """Returns the fields that can be drawn, those that must be filled in first."""
    drawn = [one for one in fields if kind_of(one) is not FieldKind.BROWSER]
    return tuple(sorted(drawn, key=lambda one: not _must(one)))


def only_in_browser(fields: Sequence[TransitionField]) -> tuple[tuple[TransitionField, ...], bool]:
    """Returns the fields that can't be drawn, and whether one of them must be filled in."""
    hidden = tuple(one for one in fields if kind_of(one) is FieldKind.BROWSER)
    return hidden, any(_must(one) for one in hidden)


def _must(field: TransitionField) -> bool:
    return field.required and not field.has_default
