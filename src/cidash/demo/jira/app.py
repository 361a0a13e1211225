"""The Jira demo as an ASGI application: which path is answered by whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cidash.demo.jira import issues, search, site, story, talk
from cidash.demo.jira.gate import Handler, guard
from cidash.demo.jira.world import World

API = (
    ("GET", "/myself", site.myself),
    ("GET", "/mypermissions", site.my_permissions),
    ("GET", "/field", site.fields),
    ("GET", "/status", site.statuses),
    ("GET", "/resolution", site.options),
    ("GET", "/priority", site.options),
    ("GET", "/user/search", site.users),
    ("GET", "/project/{project}", site.project),
    ("GET", "/issueLinkType", site.link_types),
    ("GET", "/issue/createmeta/{project}/issuetypes", site.create_types),
    ("GET", "/issue/createmeta/{project}/issuetypes/{type_id}", site.create_fields),
    ("GET", "/search", search.gone),
    ("POST", "/search", search.gone),
    ("GET", "/search/jql", search.by_jql),
    ("POST", "/search/jql", search.by_jql),
    ("POST", "/search/approximate-count", search.approximate_count),
    ("POST", "/issue", issues.create_issue),
    ("POST", "/issue/bulkfetch", search.bulk_fetch),
    ("GET", "/issue/{key}", issues.get_issue),
    ("PUT", "/issue/{key}", issues.edit_issue),
    ("GET", "/issue/{key}/transitions", issues.get_transitions),
    ("POST", "/issue/{key}/transitions", issues.post_transition),
    ("GET", "/issue/{key}/comment", talk.get_comments),
    ("POST", "/issue/{key}/comment", talk.post_comment),
    ("GET", "/issue/{key}/remotelink", talk.get_remote_links),
    ("POST", "/issue/{key}/remotelink", talk.post_remote_link),
    ("POST", "/issueLink", talk.post_link),
)
"""Every endpoint below /rest/api/2, /rest/api/3 and /rest/api/latest."""


@dataclass(frozen=True)
class JiraDemo:
    """A Jira that lives in memory: its application and its world."""

    app: Starlette
    world: World

    def set_url(self, url: str) -> None:
        """Tell it where it is reached, for `self`, `baseUrl` and links. Without a slash at the end."""
        self.world.url = url.rstrip("/")


def create_jira(scenario: str, pace: float, seed: int, now: Callable[[], datetime]) -> JiraDemo:
    """Return a Jira that tells the story of KAN-40.

    Args:
        scenario: `review` or `closed`.
        pace: Multiplies the 45 s until a colleague takes KAN-78. Search lag and limits stay real.
        seed: For the scatter of the past.
        now: Returns the present, with a time zone.

    Raises:
        ValueError: There is no such scenario.
    """
    world = story.tell(scenario, pace, seed, now)
    routes = [
        Route(f"/rest/api/{version}{path}", guard(world, handler), methods=[method])
        for version in ("2", "3", "latest")
        for method, path, handler in API
    ]
    routes += [
        Route(f"/ex/jira/{site.CLOUD_ID}/rest/api/{version}{path}", guard(world, handler), methods=[method])
        for version in ("2", "3")
        for method, path, handler in API
    ]
    public: list[tuple[str, Handler]] = [
        *((f"/rest/api/{version}/serverInfo", site.server_info) for version in ("2", "3", "latest")),
        ("/_edge/tenant_info", site.tenant_info),
        ("/browse/{key}", site.browse),
    ]
    routes += [Route(path, guard(world, handler, open_to_all=True), methods=["GET"]) for path, handler in public]
    return JiraDemo(Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found}), world)


async def _not_found(_request: Request, _error: Exception) -> Response:
    body = {"errorMessages": ["dead link: there is nothing at this address"], "errors": {}}
    return JSONResponse(body, 404)
