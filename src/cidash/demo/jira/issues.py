"""One issue: read, made, edited, moved through the workflow."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from cidash.demo.jira import adf, screens
from cidash.demo.jira.edits import edits, option_id, updated_fields
from cidash.demo.jira.gate import BAD_BODY, Call, nothing
from cidash.demo.jira.refusal import RefusedError, no_issue
from cidash.demo.jira.shape import Shape
from cidash.demo.jira.talk import add_comment
from cidash.demo.jira.workflow import (
    ISSUE_TYPES,
    NOT_ON_SCREEN,
    PROJECT_ID,
    PROJECT_KEY,
    RESOLUTIONS,
    TO_DO,
    Transition,
    everywhere,
    transitions_from,
)
from cidash.demo.jira.world import Issue

AT_ONCE = timedelta(seconds=0.3)
"""Two transitions of one issue within this time collide."""


def known_issue(call: Call) -> Issue:
    """Return the issue that the path names.

    Raises:
        RefusedError: 404.
    """
    issue = call.world.issue(call.request.path_params["key"])
    if issue is None:
        raise no_issue()
    return issue


def get_issue(call: Call) -> Response:
    """Return an issue as it is now, its transitions too when asked for."""
    issue = known_issue(call)
    shape = Shape(call.world, call.version)
    shown = shape.issue(issue, call.names("fields") or ["*all"])
    expand = call.names("expand")
    if "transitions" in expand or "transitions.fields" in expand:
        offered = [shape.transition(each, with_fields="transitions.fields" in expand) for each in _offered(call, issue)]
        shown["transitions"] = offered
    return JSONResponse(shown)


def get_transitions(call: Call) -> Response:
    """Return what this user may do with the issue now: nothing without the permission, and that with 200."""
    issue = known_issue(call)
    shape = Shape(call.world, call.version)
    only = call.query("transitionId")
    with_fields = "transitions.fields" in call.names("expand")
    offered = [each for each in _offered(call, issue) if only in ("", each.id)]
    return JSONResponse(
        {"expand": "transitions", "transitions": [shape.transition(each, with_fields=with_fields) for each in offered]}
    )


def post_transition(call: Call) -> Response:
    """Move the issue: 204 with an empty body.

    Raises:
        RefusedError: 400 (not available now, field missing, field not on the screen), 404, 409 (two at once).
    """
    issue = known_issue(call)
    body = call.json_object("transition", "fields", "update", "historyMetadata", "properties")
    named = body.get("transition")
    number = str(named.get("id", "")) if isinstance(named, dict) else ""
    if not number:
        raise RefusedError(400, "Missing 'transition' identifier")
    transition = next((each for each in _offered(call, issue) if each.id == number), None)
    if transition is None:
        raise RefusedError(400, f"Transition id '{number}' is not valid for this issue.")
    now = call.world.now()
    last = call.world.last_transition.get(issue.key)
    if last is not None and now - last < AT_ONCE:
        raise RefusedError(409, "The issue is being changed by another request. Please try again.")
    resolution = _resolution(call, transition, _object(body, "fields"), _object(body, "update"))
    comments = _comments(call, _object(body, "update"))
    call.world.last_transition[issue.key] = now
    call.world.move(issue, transition.to, resolution_id=resolution)
    for comment in comments:
        add_comment(call, issue.key, comment)
    return nothing()


def create_issue(call: Call) -> Response:
    """Make an issue: 201 with id, key and self.

    Raises:
        RefusedError: 400 naming the fields, 403 without the permission.
    """
    may_write(call)
    fields = _object(call.json_object("fields", "update", "transition", "properties", "historyMetadata"), "fields")
    kind = _issue_type(fields.get("issuetype"))
    errors: dict[str, str] = {}
    project = fields.get("project") or {}
    if not isinstance(project, dict) or (project.get("key", "") != PROJECT_KEY and project.get("id") != PROJECT_ID):
        errors["project"] = "Specify a valid project ID or key"
    if kind is None:
        errors["issuetype"] = "Specify an issue type"
    if not str(fields.get("summary") or "").strip():
        errors["summary"] = "You must specify a summary of the issue."
    if kind is not None and ISSUE_TYPES[kind].level < 0 and not fields.get("parent"):
        errors["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
    if errors or kind is None:
        raise RefusedError(400, errors=errors)
    given = {name: value for name, value in fields.items() if name not in ("project", "issuetype")}
    now = call.world.now()
    values = edits(call, given)
    issue = Issue(
        key=f"{PROJECT_KEY}-{call.world.next_number}",
        type_id=kind,
        status_id=TO_DO,
        created=now,
        updated=now,
        status_since=now,
        reporter=call.person.account_id,
        **values,
    )
    call.world.next_number += 1
    call.world.put(issue)
    root = Shape(call.world, call.version).root
    return JSONResponse({"id": issue.id, "key": issue.key, "self": f"{root}/issue/{issue.id}"}, 201)


def edit_issue(call: Call) -> Response:
    """Change fields of an issue: 204.

    Raises:
        RefusedError: 400 naming the fields, 403 without the permission, 404.
    """
    issue = known_issue(call)
    may_write(call)
    body = call.json_object("fields", "update", "properties", "historyMetadata", "transition")
    fields, update = _object(body, "fields"), _object(body, "update")
    both = sorted(set(fields) & set(update))
    if both:
        raise RefusedError(400, errors={both[0]: f"Field '{both[0]}' cannot appear in both 'fields' and 'update'"})
    comments = _comments(call, update)
    values = edits(call, {**fields, **updated_fields(issue, update)})
    call.world.change(issue, **values)
    for comment in comments:
        add_comment(call, issue.key, comment)
    return nothing()


def may_write(call: Call) -> None:
    """Let only those pass who may change issues.

    Raises:
        RefusedError: 403.
    """
    if not call.person.may_write:
        raise RefusedError(403, "You do not have permission to edit issues in this project.")


def _offered(call: Call, issue: Issue) -> tuple[Transition, ...]:
    if not call.person.may_write:
        return ()
    return everywhere() if call.world.team_managed else transitions_from(issue.status_id)


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(400, BAD_BODY)
    return value


def _resolution(call: Call, transition: Transition, fields: Mapping[str, Any], update: Mapping[str, Any]) -> str | None:
    if call.world.rich_screens and transition.required:
        strangers = [name for name in (*fields, *update) if name not in (*screens.FIELDS, "comment")]
        if not strangers:
            screens.check(fields, data_center=call.world.data_center)
            call.world.answers[call.request.path_params["key"].upper()] = dict(fields)
            return option_id(fields["resolution"], RESOLUTIONS)
    strangers = [name for name in (*fields, *update) if name not in (*transition.required, "comment")]
    if strangers:
        raise RefusedError(400, errors={name: NOT_ON_SCREEN.format(name) for name in strangers})
    if "resolution" not in transition.required:
        return None
    if not fields.get("resolution"):
        raise RefusedError(400, errors={"resolution": "Resolution is required."})
    chosen = option_id(fields["resolution"], RESOLUTIONS)
    if chosen is None:
        raise RefusedError(400, errors={"resolution": "The resolution you have selected is not valid."})
    return chosen


def _issue_type(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return next(
        (kind.id for kind in ISSUE_TYPES.values() if value.get("id") == kind.id or value.get("name") == kind.name), None
    )


def _comments(call: Call, update: Mapping[str, Any]) -> list[str]:
    given = update.get("comment") or []
    if not isinstance(given, list):
        raise RefusedError(400, BAD_BODY)
    adds = [each["add"] for each in given if isinstance(each, dict) and isinstance(each.get("add"), dict)]
    return [adf.received(add.get("body"), call.version, "comment") for add in adds]
