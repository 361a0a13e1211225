"""Search as Jira Cloud does it since 2025: by token, no total, behind the writes; and the reads that are not behind."""

import base64
import binascii
import json
from typing import Any

from starlette.responses import JSONResponse, Response

from cidash.demo.jira import jql
from cidash.demo.jira.gate import BAD_BODY, Call
from cidash.demo.jira.refusal import RefusedError
from cidash.demo.jira.shape import Shape

GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
MOST_RECONCILED = 50
MOST_RESULTS = 5000
_KNOWN = (
    "jql",
    "nextPageToken",
    "maxResults",
    "fields",
    "expand",
    "properties",
    "fieldsByKeys",
    "failFast",
    "reconcileIssues",
)


def gone(call: Call) -> Response:
    """Refuse the search that was removed from Cloud; on Data Center it is the only one."""
    if not call.world.data_center:
        raise RefusedError(410, GONE)
    return _by_offset(call)


def _by_offset(call: Call) -> Response:
    """Return one page of Data Center's search: by offset, with a total, hardly behind."""
    given = call.json_object() if call.request.method == "POST" else dict(call.request.query_params)
    query = jql.parse(str(given.get("jql") or ""), call.world, call.person.account_id)
    found = query.select(call.world.issues())
    start, size = int(given.get("startAt") or 0), int(given.get("maxResults") or 50)
    size = min(size, call.world.page_cap)
    wanted = given.get("fields") or "*navigable"
    fields = [str(each) for each in wanted] if isinstance(wanted, list) else str(wanted).split(",")
    shape = Shape(call.world, call.version)
    page = [shape.issue(issue, fields) for issue in found[start : start + size]]
    return JSONResponse({"startAt": start, "maxResults": size, "total": len(found), "issues": page})


def by_jql(call: Call) -> Response:
    """Return one page of a search.

    Raises:
        RefusedError: 400 for a query, a token or a parameter that Jira would not take.
    """
    asked = _asked(call)
    reconciled = asked["reconcileIssues"]
    if len(reconciled) > MOST_RECONCILED:
        raise RefusedError(400, f"The number of issues to reconcile exceeds the limit of {MOST_RECONCILED}.")
    if not all(str(each).isdigit() for each in reconciled):
        raise RefusedError(400, BAD_BODY)
    query = jql.parse(asked["jql"], call.world, call.person.account_id)
    found = query.select(call.world.indexed(frozenset(str(each) for each in reconciled)))
    start = _start(asked["nextPageToken"], asked["jql"])
    size = min(asked["maxResults"], call.world.page_cap, MOST_RESULTS)
    page, wanted = found[start : start + size], asked["fields"] or ["id"]
    shape = Shape(call.world, call.version)
    answer: dict[str, Any] = {
        "issues": [{"id": issue.id} if wanted == ["id"] else shape.issue(issue, wanted) for issue in page],
        "isLast": start + size >= len(found),
    }
    if not answer["isLast"]:
        answer["nextPageToken"] = _token(start + size, asked["jql"])
    return JSONResponse(answer)


def approximate_count(call: Call) -> Response:
    """Return how many issues a query finds in the lagging index."""
    body = call.json_object("jql")
    query = jql.parse(str(body.get("jql", "")), call.world, call.person.account_id)
    return JSONResponse({"count": len(query.select(call.world.indexed()))})


def bulk_fetch(call: Call) -> Response:
    """Return up to 100 named issues as they are now, by id, with the ones not found listed."""
    body = call.json_object("issueIdsOrKeys", "fields", "expand", "fieldsByKeys", "properties")
    wanted = body.get("issueIdsOrKeys")
    if not isinstance(wanted, list) or not wanted or len(wanted) > 100:
        raise RefusedError(400, BAD_BODY)
    found = {}
    missing = []
    for name in map(str, wanted):
        issue = call.world.issue(name)
        if issue is None:
            missing.append(
                {"id": name, "errorMessage": "Issue does not exist or you do not have permission to see it."}
            )
        else:
            found[issue.id] = issue
    shape = Shape(call.world, call.version)
    fields = [str(each) for each in body.get("fields") or ["*navigable"]]
    issues = [shape.issue(found[each], fields) for each in sorted(found, key=int)]
    return JSONResponse({"issues": issues, "issueErrors": missing})


def _asked(call: Call) -> dict[str, Any]:
    if call.request.method == "GET":
        given: dict[str, Any] = {
            "jql": call.query("jql"),
            "nextPageToken": call.query("nextPageToken"),
            "maxResults": call.query("maxResults", "50"),
            "fields": call.names("fields"),
            "reconcileIssues": call.names("reconcileIssues"),
        }
    else:
        given = call.json_object(*_KNOWN)
    lists = [given.get("fields") or [], given.get("reconcileIssues") or []]
    size = str(given.get("maxResults", 50))
    if not all(isinstance(each, list) for each in lists) or not size.isdigit() or int(size) < 1:
        raise RefusedError(400, BAD_BODY)
    return {
        "jql": str(given.get("jql") or ""),
        "nextPageToken": given.get("nextPageToken") or "",
        "maxResults": int(size),
        "fields": [str(each) for each in lists[0]],
        "reconcileIssues": lists[1],
    }


def _token(start: int, query: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, query]).encode()).decode()


def _start(token: object, query: str) -> int:
    if not token:
        return 0
    try:
        start, of_query = json.loads(base64.urlsafe_b64decode(str(token)))
    except (ValueError, TypeError, binascii.Error):
        start, of_query = None, None
    if not isinstance(start, int) or of_query != query:
        raise RefusedError(400, "The provided next page token is invalid. Please check the token and try again.")
    return start
