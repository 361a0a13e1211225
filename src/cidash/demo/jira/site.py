"""The site around the issues: server, people, permissions, fields, statuses, project, create metadata, pages."""

from html import escape
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from cidash.demo.jira.gate import Call
from cidash.demo.jira.refusal import RefusedError, no_issue
from cidash.demo.jira.shape import Shape, moment
from cidash.demo.jira.workflow import (
    EDITABLE,
    FIELDS,
    ISSUE_TYPES,
    LINK_TYPES,
    ME,
    PEOPLE,
    PRIORITIES,
    PROJECT_ID,
    PROJECT_KEY,
    RESOLUTIONS,
    STATUSES,
)

CLOUD_ID = "0c1da5c0-demo-4000-8000-000000000040"
"""What the gateway calls this site."""
PERMISSIONS = {
    "BROWSE_PROJECTS": ("10", "Browse Projects", False),
    "TRANSITION_ISSUES": ("46", "Transition Issues", True),
    "ADD_COMMENTS": ("15", "Add Comments", True),
    "CREATE_ISSUES": ("11", "Create Issues", True),
    "EDIT_ISSUES": ("12", "Edit Issues", True),
    "LINK_ISSUES": ("21", "Link Issues", True),
    "ASSIGN_ISSUES": ("13", "Assign Issues", True),
}
"""By key: id, name, and whether it needs the right to write."""


def server_info(call: Call) -> Response:
    """Return what kind of Jira this is."""
    return JSONResponse(
        {
            "baseUrl": call.world.url,
            "version": "9.12.10" if call.world.data_center else "1001.0.0-SNAPSHOT",
            "versionNumbers": [9, 12, 10] if call.world.data_center else [1001, 0, 0],
            "deploymentType": "Server" if call.world.data_center else "Cloud",
            "buildNumber": 100285,
            "buildDate": "2026-01-20T03:26:38.000+0000",
            "serverTime": moment(call.world.now()),
            "scmInfo": "demo",
            "serverTitle": "Jira",
            "defaultLocale": {"locale": "en_US"},
        }
    )


def tenant_info(call: Call) -> Response:
    """Return the site's cloud id."""
    if call.world.data_center:
        raise RefusedError(404, "Not found")
    return JSONResponse({"cloudId": CLOUD_ID})


def myself(call: Call) -> Response:
    """Return the user who asks."""
    return JSONResponse({**(_shape(call).person(call.person.account_id) or {}), "locale": "en_US"})


def my_permissions(call: Call) -> Response:
    """Return which of the named permissions the user has.

    Raises:
        RefusedError: 400 without the `permissions` list or with an unknown one; 404 for an unknown issue.
    """
    wanted = call.names("permissions")
    if not wanted:
        raise RefusedError(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in wanted if name not in PERMISSIONS]
    if unknown:
        raise RefusedError(400, f"Unrecognized permission: {', '.join(unknown)}")
    if call.query("issueKey") and call.world.issue(call.query("issueKey")) is None:
        raise no_issue()
    return JSONResponse({"permissions": {name: _permission(call, name) for name in wanted}})


def _permission(call: Call, key: str) -> dict[str, Any]:
    number, name, writes = PERMISSIONS[key]
    return {
        "id": number,
        "key": key,
        "name": name,
        "type": "PROJECT",
        "description": "",
        "havePermission": call.person.may_write or not writes,
    }


def fields(_call: Call) -> Response:
    """Return every field with its schema."""
    return JSONResponse(
        [
            {
                "id": field,
                "key": field,
                "name": name,
                "custom": "custom" in schema,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [field],
                "schema": schema,
            }
            for field, name, schema in FIELDS
        ]
    )


def statuses(call: Call) -> Response:
    """Return every status with its category."""
    return JSONResponse([_shape(call).status(status_id) for status_id in STATUSES])


def options(call: Call) -> Response:
    """Return the resolutions or the priorities, by the last word of the path."""
    kind = call.request.url.path.rpartition("/")[2]
    known = PRIORITIES if kind == "priority" else RESOLUTIONS
    return JSONResponse([_shape(call).option(kind, option) for option in known])


def link_types(call: Call) -> Response:
    """Return the link types with their two phrases."""
    root = _shape(call).root
    return JSONResponse(
        {
            "issueLinkTypes": [
                {
                    "id": type_id,
                    "name": name,
                    "inward": inward,
                    "outward": outward,
                    "self": f"{root}/issueLinkType/{type_id}",
                }
                for type_id, name, inward, outward in LINK_TYPES
            ]
        }
    )


def users(call: Call) -> Response:
    """Return the users whose name or address holds the query."""
    wanted = call.query("username" if call.world.data_center else "query").lower()
    return JSONResponse(
        [
            _shape(call).person(person.account_id)
            for person in PEOPLE.values()
            if wanted in person.name.lower() or wanted in person.email.lower()
        ]
    )


def project(call: Call) -> Response:
    """Return the project with its issue types."""
    _known_project(call)
    shape = _shape(call)
    return JSONResponse(
        {
            **shape.project(),
            "style": "classic",
            "isPrivate": False,
            "lead": shape.person(ME.account_id),
            "issueTypes": [shape.issue_type(kind) for kind in ISSUE_TYPES],
        }
    )


def create_types(call: Call) -> Response:
    """Return the issue types that can be created."""
    _known_project(call)
    types = [_shape(call).issue_type(kind) for kind in ISSUE_TYPES]
    return JSONResponse({"startAt": 0, "maxResults": 50, "total": len(types), _listed(call, "issueTypes"): types})


def create_fields(call: Call) -> Response:
    """Return the fields of one issue type's create screen."""
    _known_project(call)
    kind = call.request.path_params["type_id"]
    if kind not in ISSUE_TYPES:
        raise RefusedError(404, "Issue type not found.")
    needed = {"summary", "issuetype", "project"} | ({"parent"} if ISSUE_TYPES[kind].level < 0 else set())
    shown = [
        {
            "fieldId": field,
            "key": field,
            "name": name,
            "schema": schema,
            "required": field in needed,
            "hasDefaultValue": field == "priority",
            "operations": ["set"],
            **(
                {"allowedValues": [_shape(call).option("priority", each) for each in PRIORITIES]}
                if field == "priority"
                else {}
            ),
        }
        for field, name, schema in FIELDS
        if field in (*EDITABLE, "issuetype", "project")
    ]
    return JSONResponse({"startAt": 0, "maxResults": 50, "total": len(shown), _listed(call, "fields"): shown})


def _listed(call: Call, cloud_name: str) -> str:
    return "values" if call.world.data_center else cloud_name


def browse(call: Call) -> Response:
    """Return a page for people: the issue's key, summary and status."""
    issue = call.world.issue(call.request.path_params["key"])
    if issue is None:
        return HTMLResponse("<h1>Issue does not exist</h1>", 404)
    title = f"[{issue.key}] {issue.summary}"
    status = STATUSES[issue.status_id].name
    return HTMLResponse(
        f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(status)}</p>"
        f"<pre>{escape(issue.description)}</pre>"
    )


def _known_project(call: Call) -> None:
    if call.request.path_params["project"].upper() not in (PROJECT_KEY, PROJECT_ID):
        raise RefusedError(404, f"No project could be found with key '{call.request.path_params['project']}'.")


def _shape(call: Call) -> Shape:
    return Shape(call.world, call.version)
