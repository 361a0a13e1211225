"""Field values that clients send, turned into an Issue's own, or refused field by field."""

from collections.abc import Callable, Mapping
from typing import Any

from cidash.demo.jira import adf
from cidash.demo.jira.gate import BAD_BODY, Call
from cidash.demo.jira.refusal import RefusedError
from cidash.demo.jira.workflow import EPIC_LINK, NOT_ON_SCREEN, PEOPLE, PRIORITIES, STORY_POINTS, Option
from cidash.demo.jira.world import Issue

Values = dict[str, Any]

_UNITS = {"m": 60, "h": 3600, "d": 8 * 3600, "w": 5 * 8 * 3600}


def option_id(value: object, options: Mapping[str, Option]) -> str | None:
    """Return the id of the option that `{"id": …}` or `{"name": …}` names; None if there is none."""
    if not isinstance(value, dict):
        return None
    for option in options.values():
        if str(value.get("id", "")) == option.id or value.get("name") == option.name:
            return option.id
    return None


def updated_fields(issue: Issue, update: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the `update` part of an edit sets, as fields; comments are not fields.

    Raises:
        RefusedError: 400 for an operation that is not add, remove or set.
    """
    changed: dict[str, Any] = {}
    for name, operations in update.items():
        if name == "comment":
            continue
        for operation in operations if isinstance(operations, list) else []:
            if name == "labels" and isinstance(operation, dict):
                labels = list(changed.get("labels", issue.labels))
                labels += [operation["add"]] if "add" in operation and operation["add"] not in labels else []
                changed["labels"] = [label for label in labels if label != operation.get("remove")]
            elif isinstance(operation, dict) and "set" in operation:
                changed[name] = operation["set"]
            else:
                raise RefusedError(400, BAD_BODY)
    return changed


def edits(call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an Issue that JSON fields stand for.

    Raises:
        RefusedError: 400 with a sentence for each field that cannot be set or has a wrong value.
    """
    errors = {name: NOT_ON_SCREEN.format(name) for name in fields if name not in _EDITORS}
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name in errors:
            continue
        try:
            values.update(_EDITORS[name](call, name, value))
        except RefusedError as refusal:
            errors.update(refusal.body["errors"] or {name: "Invalid value."})  # type: ignore[arg-type]
    if errors:
        raise RefusedError(400, errors=errors)
    return values


def _summary(_call: Call, name: str, value: object) -> Values:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise RefusedError(400, errors={name: "The summary is invalid because it is empty or has newline characters."})
    return {"summary": value}


def _description(call: Call, name: str, value: object) -> Values:
    return {"description": adf.received(value, call.version, name)}


def _labels(_call: Call, name: str, value: object) -> Values:
    if not isinstance(value, list) or any(not isinstance(each, str) or " " in each for each in value):
        raise RefusedError(400, errors={name: "The label contains spaces which is invalid."})
    return {"labels": tuple(value)}


def _assignee(_call: Call, name: str, value: object) -> Values:
    account = value.get("accountId", value.get("id")) if isinstance(value, dict) else None
    if account is not None and account not in PEOPLE:
        raise RefusedError(400, errors={name: "The user does not exist or cannot be assigned."})
    return {"assignee": account}


def _priority(_call: Call, name: str, value: object) -> Values:
    chosen = option_id(value, PRIORITIES)
    if chosen is None:
        raise RefusedError(400, errors={name: "The priority selected is invalid."})
    return {"priority_id": chosen}


def _parent(call: Call, name: str, value: object) -> Values:
    named = value if isinstance(value, dict) else {}
    parent = call.world.issue(str(named.get("key") or named.get("id") or ""))
    if parent is None:
        raise RefusedError(400, errors={name: "Could not find issue by id or key."})
    return {"parent": parent.key}


def _points(_call: Call, name: str, value: object) -> Values:
    if value is not None and not isinstance(value, int | float):
        raise RefusedError(400, errors={name: "Operation value must be a number"})
    return {"points": value}


def _time_tracking(_call: Call, name: str, value: object) -> Values:
    if not isinstance(value, dict):
        raise RefusedError(400, errors={name: BAD_BODY})
    names = {"originalEstimate": "estimate", "remainingEstimate": "remaining"}
    values = {names[part]: _seconds(str(text)) for part, text in value.items() if part in names}
    if "estimate" in values:
        values.setdefault("remaining", values["estimate"])
    return values


def _seconds(text: str) -> int:
    total = 0
    for part in text.split():
        if not part[:-1].isdigit() or part[-1] not in _UNITS:
            raise RefusedError(400, errors={"timetracking": f"'{text}' is not a valid duration."})
        total += int(part[:-1]) * _UNITS[part[-1]]
    return total


def _epic_link(call: Call, name: str, value: object) -> Values:
    if not call.world.data_center:
        raise RefusedError(400, errors={name: NOT_ON_SCREEN.format(name)})
    return _parent(call, name, {"key": value})


_EDITORS: dict[str, Callable[[Call, str, object], Values]] = {
    "summary": _summary,
    "description": _description,
    "labels": _labels,
    "assignee": _assignee,
    "priority": _priority,
    "parent": _parent,
    "timetracking": _time_tracking,
    STORY_POINTS: _points,
    EPIC_LINK: _epic_link,
}
"""By field id: every field on the create and edit screens, besides project and issue type."""
