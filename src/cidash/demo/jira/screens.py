"""The rich screen of the transition to Done: one field of every kind, and whether what was sent for it is right."""

import re
from collections.abc import Mapping
from typing import Any

from cidash.demo.jira.refusal import RefusedError
from cidash.demo.jira.workflow import PEOPLE, RESOLUTIONS

_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes:"
OPTIONS = {"10201": "Development", "10202": "Staging", "10203": "Production"}
VERSIONS = {"10301": "0.1.0", "10302": "1.0.0"}

FIELDS: dict[str, tuple[str, dict[str, str], bool, dict[str, str] | None]] = {
    "resolution": (
        "Resolution",
        {"type": "resolution", "system": "resolution"},
        True,
        {one.id: one.name for one in RESOLUTIONS.values()},
    ),
    "customfield_10101": ("Environment", {"type": "option", "custom": f"{_TYPES}select"}, True, OPTIONS),
    "customfield_10102": (
        "Checked in",
        {"type": "array", "items": "option", "custom": f"{_TYPES}multiselect"},
        True,
        OPTIONS,
    ),
    "customfield_10103": ("Reviewer", {"type": "user", "custom": f"{_TYPES}userpicker"}, True, None),
    "customfield_10104": ("Release note", {"type": "string", "custom": f"{_TYPES}textfield"}, True, None),
    "customfield_10105": ("Minutes saved", {"type": "number", "custom": f"{_TYPES}float"}, True, None),
    "customfield_10106": ("Released on", {"type": "date", "custom": f"{_TYPES}datepicker"}, True, None),
    "labels": ("Labels", {"type": "array", "items": "string", "system": "labels"}, False, None),
    "fixVersions": ("Fix versions", {"type": "array", "items": "version", "system": "fixVersions"}, True, VERSIONS),
    "customfield_10107": ("How it was proven", {"type": "string", "custom": f"{_TYPES}textarea"}, False, None),
    "customfield_10108": (
        "Region and site",
        {"type": "option-with-child", "custom": f"{_TYPES}cascadingselect"},
        False,
        {"10401": "Europe"},
    ),
}
"""By id: name, schema, whether it is required, and the allowed values if they are listed."""


def screen(root: str) -> dict[str, dict[str, Any]]:
    """Return the screen's fields as `transitions.fields` shows them."""
    shown: dict[str, dict[str, Any]] = {}
    for key, (name, schema, required, allowed) in FIELDS.items():
        word = "name" if key in {"resolution", "fixVersions"} else "value"
        shown[key] = {
            "required": required,
            "schema": schema,
            "name": name,
            "key": key,
            "operations": ["set"],
            "hasDefaultValue": False,
        }
        if allowed is not None:
            shown[key]["allowedValues"] = [{"id": one, word: text} for one, text in allowed.items()]
        if schema["type"] == "user":
            shown[key]["autoCompleteUrl"] = f"{root}/user/search?query="
    return shown


def check(fields: Mapping[str, Any], *, data_center: bool) -> None:
    """Let a filled-in screen pass.

    Raises:
        RefusedError: 400 with a sentence for each field that is missing or wrong.
    """
    errors: dict[str, str] = {}
    for key, (name, schema, required, allowed) in FIELDS.items():
        value = fields.get(key)
        if value in (None, "", []):
            if required:
                errors[key] = f"{name} is required."
        elif not _fits(value, schema, allowed, data_center=data_center):
            errors[key] = f"{name}: Operation value is not valid."
    if errors:
        raise RefusedError(400, errors=errors)


def _fits(value: object, schema: Mapping[str, str], allowed: Mapping[str, str] | None, *, data_center: bool) -> bool:
    kind = schema["type"]
    if kind == "array":
        each_fits = (_fits(one, {"type": schema["items"]}, allowed, data_center=data_center) for one in _listed(value))
        return isinstance(value, list) and all(each_fits)
    if allowed is not None:
        return isinstance(value, dict) and str(value.get("id")) in allowed
    if kind == "user":
        named = value.get("name" if data_center else "accountId") if isinstance(value, dict) else None
        return named in ({person.email for person in PEOPLE.values()} if data_center else PEOPLE)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    one_line = not schema.get("custom", "").endswith("textarea")
    pattern = r"\d{4}-\d{2}-\d{2}" if kind == "date" else r"[^\n]*" if one_line else r"[\s\S]*"
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
