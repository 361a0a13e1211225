"""Looks at what a token may see of a host and a repository. Asks with GET only: no right is tried by writing."""

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import ValidationError

from cidash.domain.finding import Finding, FindingState
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.github.client import GitHubClient
from cidash.github.queries import base
from cidash.github.wire import Wire, message_of
from cidash.transport.connection import Answer

SKEW_SECONDS = 5.0
_OK, _MISSING, _FAILED, _UNKNOWN = (
    FindingState.OK, FindingState.MISSING, FindingState.FAILED, FindingState.UNKNOWN
)  # fmt: skip


class _PermissionsWire(Wire):
    push: bool = False
    admin: bool = False


class _RepositoryWire(Wire):
    default_branch: str
    permissions: _PermissionsWire | None = None


class _UserWire(Wire):
    login: str


@dataclass(frozen=True, slots=True)
class _Right:
    name: str
    path: str
    right: str
    shows: str
    needed: bool = False
    absent: str = ""
    """Part of a refusal's message that means "there is none" and not "you may not see it"."""


_RIGHTS = (
    _Right("runs", "actions/runs?per_page=1", "Actions: read", "runs, jobs, steps and job logs", needed=True),
    _Right("pull requests", "pulls?per_page=1", "Pull requests: read", "open pull requests and reviews", needed=True),
    _Right("checks", "commits/{branch}/check-runs?per_page=1", "Checks: read", "checks that are no Actions jobs"),
    _Right("statuses", "commits/{branch}/status?per_page=1", "Commit statuses: read", "old-style statuses"),
    _Right("workflow files", "contents/.github?ref={branch}", "Contents: read", "time left along needs, controls"),
    _Right("rulesets", "rules/branches/{branch}", "Metadata: read", "required checks and approvals of rulesets"),
    _Right(
        "classic protection", "branches/{branch}/protection", "Administration: read",
        "required approvals of classic protection", absent="branch not protected",
    ),
    _Right(
        "code scanning", "code-scanning/alerts?per_page=1", "Code scanning alerts: read", "results of security scans",
        absent="no analysis found",
    ),
)  # fmt: skip


async def examine_host(client: GitHubClient) -> list[Finding]:
    """Returns how the host answers this token: login, scopes, rate limit, clock."""
    host = client.host
    try:
        answer = await client.gate.get(f"{client.api_url}/user", "the user of the token")
    except SourceError as error:
        return [Finding(host, "reachable", _FAILED, error.problem.sentence)]
    found: list[Finding] = []
    if answer.status == 200:
        scopes = answer.headers.get("x-oauth-scopes")
        kind = "a fine-grained or app token, whose rights are seen below" if scopes is None else (
            f"classic scopes: {clean(scopes, 300)}" if scopes.strip() else "a classic token without any scope"
        )  # fmt: skip
        found.append(Finding(host, "login", _OK, f"{_login(answer)}; {kind}"))
    elif answer.status == 401:
        found.append(Finding(host, "login", _FAILED, "The token was not accepted: wrong or expired, or none was sent."))
    else:
        told = clean(message_of(answer.body), 200)
        found.append(Finding(host, "login", _UNKNOWN, f"The host does not tell whose token it is ({told})."))
    budget = client.budget
    if budget.limit is not None:
        low = budget.remaining is not None and budget.remaining < budget.limit * 0.1
        sentence = f"{budget.remaining} of {budget.limit} requests left in this hour"
        found.append(Finding(host, "rate limit", _MISSING if low else _OK, sentence))
    skew = client.server_offset_seconds
    if skew is not None:
        state = _OK if abs(skew) <= SKEW_SECONDS else _MISSING
        note = "" if state is _OK else ": times of running jobs are corrected by it; set this machine's clock"
        found.append(
            Finding(host, "clock", state, f"{round(skew) or 0:+d} s between the host's clock and this one{note}")
        )
    return found


async def examine_repository(client: GitHubClient, repository: RepositoryId) -> list[Finding]:
    """Returns which parts of a repository the token may read, and whether it may write."""
    area = str(repository)
    try:
        answer = await client.gate.get(client.api_url + base(repository), f"repository {repository.full_name}")
        there = _RepositoryWire.model_validate_json(answer.body) if answer.status == 200 else None
    except SourceError as error:
        return [Finding(area, "repository", _FAILED, error.problem.sentence)]
    except ValidationError:
        return [Finding(area, "repository", _FAILED, f"{client.host} answered with something unreadable.")]
    if there is None:
        sentence = f"Not found, or not visible to this token ({answer.status})."
        return [Finding(area, "repository", _FAILED, sentence, "Metadata: read", "everything of the repository")]
    found = [Finding(area, "repository", _OK, f"default branch {clean(there.default_branch, 200)}")]
    found += [await _look(client, repository, right, there.default_branch) for right in _RIGHTS]
    found += [await _packages(client, repository), _writes(area, client, there)]
    return found


async def _look(client: GitHubClient, repository: RepositoryId, right: _Right, branch: str) -> Finding:
    path = f"{base(repository)}/{right.path.format(branch=quote(branch, safe=''))}"
    return await _ask(client, str(repository), right, path)


async def _packages(client: GitHubClient, repository: RepositoryId) -> Finding:
    right = _Right(
        "packages", "", "classic scope read:packages", "tags of container images", absent="not found"
    )  # fmt: skip
    owner = quote(repository.owner, safe="")
    path = f"/users/{owner}/packages?package_type=container&per_page=1"
    return await _ask(client, str(repository), right, path)


async def _ask(client: GitHubClient, area: str, right: _Right, path: str) -> Finding:
    def finding(state: FindingState, sentence: str) -> Finding:
        return Finding(area, right.name, state, sentence, right.right, right.shows)

    try:
        answer = await client.gate.get(client.api_url + path, right.name)
    except SourceError as error:
        limited = error.problem.kind is ProblemKind.RATE_LIMITED
        return finding(_UNKNOWN if limited else _FAILED, error.problem.sentence)
    if answer.status == 200:
        return finding(_OK, f"readable: {right.shows}")
    message = clean(message_of(answer.body), 200)
    if right.absent and right.absent in message.lower() and (right.name != "packages" or answer.status != 403):
        if right.name == "packages":
            return finding(_UNKNOWN, "none, or not visible to this token")
        return finding(_OK, f"readable: there is none ({message})")
    accepted = clean(answer.headers.get("x-accepted-github-permissions"), 100)
    needs = accepted.replace("=", ": ").replace("_", " ") if accepted else right.right
    sentence = f"not readable ({answer.status}): with {needs} it would show {right.shows}"
    return finding(_FAILED if right.needed else _MISSING, sentence)


def _writes(area: str, client: GitHubClient, there: _RepositoryWire) -> Finding:
    right, shows = "Actions: write", "re-run, cancel, dispatch, and with Contents: write merge"
    if not client.gate.authorized:
        return Finding(area, "writes", _MISSING, f"no token, so nothing can be changed: {shows}", right, shows)
    if there.permissions is None:
        return Finding(area, "writes", _UNKNOWN, "the host does not tell what the user may change", right, shows)
    if not there.permissions.push:
        return Finding(area, "writes", _MISSING, f"the user may not change the repository: {shows}", right, shows)
    role = "an administrator" if there.permissions.admin else "a writer"
    sentence = f"the user is {role}; whether a fine-grained token may write shows only when it does"
    return Finding(area, "writes", _OK, sentence, right, shows)


def _login(answer: Answer) -> str:
    try:
        return clean(_UserWire.model_validate_json(answer.body).login, 100)
    except ValidationError:
        return "unknown login"
