"""What is said about issues: comments, links between them, links out of Jira."""

from typing import Any

from starlette.responses import JSONResponse, Response

from cidash.demo.jira import adf
from cidash.demo.jira.gate import BAD_BODY, Call
from cidash.demo.jira.refusal import RefusedError, no_issue
from cidash.demo.jira.shape import Shape
from cidash.demo.jira.workflow import LINK_TYPES
from cidash.demo.jira.world import Comment, Issue


def get_comments(call: Call) -> Response:
    """Return the comments on an issue, oldest first."""
    issue = _issue(call, call.request.path_params["key"])
    shape = Shape(call.world, call.version)
    shown = [shape.comment(each, issue.key) for each in call.world.comments.get(issue.key, [])]
    return JSONResponse({"comments": shown, "startAt": 0, "maxResults": 100, "total": len(shown)})


def post_comment(call: Call) -> Response:
    """Add a comment: 201 with the comment.

    Raises:
        RefusedError: 400 (a plain string in v3, a document in v2, nothing), 403, 404.
    """
    issue = _issue(call, call.request.path_params["key"])
    _may_talk(call)
    body = call.json_object("body", "visibility", "properties", "public")
    text = adf.received(body.get("body"), call.version, "comment")
    if not text.strip():
        raise RefusedError(400, errors={"comment": "Comment body can not be empty!"})
    comment = add_comment(call, issue.key, text)
    return JSONResponse(Shape(call.world, call.version).comment(comment, issue.key), 201)


def add_comment(call: Call, key: str, text: str) -> Comment:
    """Store a comment by the user who asks; the issue counts as updated."""
    comment = Comment(call.world.new_id(), call.person.account_id, text, call.world.now())
    call.world.comments.setdefault(key, []).append(comment)
    issue = call.world.issue(key)
    assert issue is not None, f"{key} was looked up before"
    call.world.change(issue)
    return comment


def post_link(call: Call) -> Response:
    """Link two issues: 201 without a body. The inward issue is the one that blocks.

    Raises:
        RefusedError: 400, 403, 404 (unknown type or issue).
    """
    _may_talk(call)
    body = call.json_object("type", "inwardIssue", "outwardIssue", "comment")
    kind = _link_type(body.get("type"))
    source, target = (_named(call, body.get(side)) for side in ("inwardIssue", "outwardIssue"))
    call.world.link(kind, source.key, target.key)
    call.world.change(source)
    call.world.change(target)
    return Response(status_code=201)


def get_remote_links(call: Call) -> Response:
    """Return an issue's links out of Jira, or the one with a globalId.

    Raises:
        RefusedError: 404.
    """
    issue = _issue(call, call.request.path_params["key"])
    links = call.world.remote_links.get(issue.key, [])
    wanted = call.query("globalId")
    if not wanted:
        return JSONResponse(links)
    for link in links:
        if link["globalId"] == wanted:
            return JSONResponse(link)
    raise RefusedError(404, f"The remote link with global ID '{wanted}' does not exist.")


def post_remote_link(call: Call) -> Response:
    """Make a link out of Jira (201), or change the one that has the same globalId (200).

    Raises:
        RefusedError: 400 without url and title, 403, 404.
    """
    issue = _issue(call, call.request.path_params["key"])
    _may_talk(call)
    body = call.json_object("globalId", "application", "relationship", "object")
    target = body.get("object")
    if not isinstance(target, dict) or not target.get("url") or not target.get("title"):
        raise RefusedError(400, errors={"url": "'url' is required.", "title": "'title' is required."})
    links = call.world.remote_links.setdefault(issue.key, [])
    same = next((link for link in links if body.get("globalId") and link["globalId"] == body["globalId"]), None)
    number = same["id"] if same else int(call.world.new_id())
    link_self = f"{Shape(call.world, call.version).root}/issue/{issue.key}/remotelink/{number}"
    link: dict[str, Any] = {
        "id": number,
        "self": link_self,
        "globalId": body.get("globalId") or f"demo-{number}",
        "application": body.get("application") or {},
        "relationship": body.get("relationship") or "",
        "object": target,
    }
    if same:
        links[links.index(same)] = link
    else:
        links.append(link)
    return JSONResponse({"id": number, "self": link_self}, 200 if same else 201)


def _link_type(value: object) -> str:
    if isinstance(value, dict):
        for type_id, name, _, _ in LINK_TYPES:
            if value.get("name") == name or str(value.get("id", "")) == type_id:
                return name
    raise RefusedError(404, "No issue link type found.")


def _named(call: Call, value: object) -> Issue:
    if not isinstance(value, dict):
        raise RefusedError(400, BAD_BODY)
    return _issue(call, str(value.get("key") or value.get("id") or ""))


def _issue(call: Call, name: str) -> Issue:
    issue = call.world.issue(name)
    if issue is None:
        raise no_issue()
    return issue


def _may_talk(call: Call) -> None:
    if not call.person.may_write:
        raise RefusedError(403, "You do not have the permission to comment on this issue.")
