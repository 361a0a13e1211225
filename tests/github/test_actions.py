"""Re-running: the right call, sent once, and what became of it, whatever the answer."""

import asyncio
import gzip
import json
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest

from cidash.domain.command import Rerun, RerunScope
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github.actions import GitHubActions
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies

RUN = "/repos/octo/hello/actions/runs/1001"
JOB = "/repos/octo/hello/actions/jobs/5001"


def command(scope: RerunScope, *, debug: bool = False, job_id: int | None = 5001) -> Rerun:
    return Rerun(
        repository=RepositoryId("github.com", "octo", "hello"),
        run_id=1001,
        attempt=2,
        workflow_name="CI",
        branch="kan-76",
        short_sha="a1b2c3d",
        scope=scope,
        debug=debug,
        job_id=job_id if scope is RerunScope.JOB else None,
        job_name="test" if scope is RerunScope.JOB else None,
    )


@pytest.fixture
def actions(client: GitHubClient) -> GitHubActions:
    return GitHubActions(client, timeout_seconds=3)


async def problem_of(actions: GitHubActions, wanted: Rerun) -> Problem:
    with pytest.raises(SourceError) as caught:
        await actions.rerun(wanted)
    return caught.value.problem


WAYS = pytest.mark.parametrize(
    ("wanted", "path", "body"),
    [
        (command(RerunScope.ALL), f"{RUN}/rerun", None),
        (command(RerunScope.FAILED), f"{RUN}/rerun-failed-jobs", None),
        (command(RerunScope.JOB), f"{JOB}/rerun", None),
        (command(RerunScope.ALL, debug=True), f"{RUN}/rerun", {"enable_debug_logging": True}),
        (command(RerunScope.FAILED, debug=True), f"{RUN}/rerun-failed-jobs", {"enable_debug_logging": True}),
        (command(RerunScope.JOB, debug=True), f"{JOB}/rerun", {"enable_debug_logging": True}),
    ],
    ids=["all", "failed", "job", "all-debug", "failed-debug", "job-debug"],
)
BOTH = pytest.mark.parametrize(
    "wanted", [command(RerunScope.FAILED), command(RerunScope.JOB)], ids=["package", "client"]
)


@WAYS
async def test_the_right_call_is_made_once(
    server: Any, actions: GitHubActions, client: GitHubClient, wanted: Rerun, path: str, body: dict[str, bool] | None
) -> None:
    server.answers(
        server.json({}, 201, x_ratelimit_limit="5000", x_ratelimit_remaining="4321", x_ratelimit_reset="1795177800")
    )
    await actions.rerun(wanted)

    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", path)
    assert (json.loads(asked.body) if asked.body else None) == body
    assert asked.headers["authorization"].split() in (["Bearer", "token-1"], ["token", "token-1"])
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"].startswith("cidash/")
    assert (client.budget.remaining, client.budget.charged, client.budget.total) == (4321, 1, 1)


@BOTH
@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (401, "Bad credentials", ProblemKind.UNAUTHORIZED, "did not accept the token when asked to re-run"),
        (403, "Must have admin rights to Repository.", ProblemKind.FORBIDDEN, "needs the right Actions: write"),
        (403, "Resource not accessible by personal access token", ProblemKind.FORBIDDEN, "Actions: write"),
        (403, "This workflow is already running", ProblemKind.CONFLICT, "yet (403: This workflow is already running)"),
        (403, "Unable to retry this workflow run", ProblemKind.REFUSED, "(403: Unable to retry this workflow run)"),
        (404, "Not Found", ProblemKind.NOT_FOUND, "(404): it is not there, or the token may not do it"),
        (409, "Cannot re-run \u001b[2Ja run", ProblemKind.CONFLICT, "(409: Cannot re-run a run)"),
        (422, "Validation Failed", ProblemKind.REFUSED, "(422: Validation Failed)"),
        (500, "Server Error", ProblemKind.OUTCOME_UNKNOWN, "may or may not have been done"),
        (502, "", ProblemKind.OUTCOME_UNKNOWN, "it answered 502"),
    ],
)
async def test_a_refusal_is_told_and_nothing_is_sent_again(
    server: Any, actions: GitHubActions, wanted: Rerun, status: int, message: str, kind: ProblemKind, words: str
) -> None:
    server.answers(server.json({"message": message}, status))
    problem = await problem_of(actions, wanted)

    assert (problem.kind, problem.status, len(server.asked)) == (kind, status, 1)
    assert words in problem.sentence
    assert f"re-run {'failed jobs' if wanted.scope is RerunScope.FAILED else 'job test'} of CI" in problem.sentence
    assert "\x1b" not in problem.sentence


@BOTH
@pytest.mark.parametrize("how", ["cut", "cut body", "silence"])
async def test_a_lost_answer_is_unknown_and_sent_exactly_once(
    server: Any, client: GitHubClient, clock: Any, bodies: MemoryBodies, wanted: Rerun, how: str
) -> None:
    gate = asyncio.Event()
    server.answers(
        {
            "cut": server.reply(cut=True),
            "cut body": server.reply(201, b"{", announce=100),
            "silence": server.reply(201, b"{}", hold=gate),
        }[how]
    )
    seconds = 1 if how == "silence" else 3
    hasty = GitHubClient("github.com", server.url, Secret("t"), bodies, clock, timeout_seconds=seconds)
    problem = await problem_of(GitHubActions(hasty, timeout_seconds=seconds), wanted)
    gate.set()
    await hasty.close()

    assert problem.kind is ProblemKind.OUTCOME_UNKNOWN
    assert "but its answer was lost" in problem.sentence
    assert "not sent again by itself" in problem.sentence
    assert [asked.method for asked in server.asked] == ["POST"]


@BOTH
async def test_nobody_there_means_not_sent(clock: Any, bodies: MemoryBodies, wanted: Rerun) -> None:
    client = GitHubClient("github.com", "http://127.0.0.1:1", Secret("t"), bodies, clock)
    problem = await problem_of(GitHubActions(client), wanted)
    await client.close()

    assert problem.kind is ProblemKind.UNREACHABLE
    assert "could not be reached" in problem.sentence


@BOTH
@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_write_is_not_redirected(server: Any, actions: GitHubActions, wanted: Rerun, status: int) -> None:
    server.handler = lambda asked: server.reply(
        status, b"", {"Location": f"{server.url}/elsewhere/{len(server.asked)}"}
    )
    problem = await problem_of(actions, wanted)

    assert (problem.kind, problem.status, len(server.asked)) == (ProblemKind.REFUSED, status, 1)
    assert "Use its new name" in problem.sentence


@BOTH
async def test_a_redirect_to_another_host_carries_no_token(
    server: Any, storage: Any, actions: GitHubActions, wanted: Rerun
) -> None:
    server.answers(server.reply(301, b"", {"Location": f"{storage.url}/x"}))

    assert (await problem_of(actions, wanted)).kind is ProblemKind.REFUSED
    assert storage.asked == []


@BOTH
async def test_odd_rate_headers_do_not_spoil_a_done_write(server: Any, actions: GitHubActions, wanted: Rerun) -> None:
    odd = {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "few", "x-ratelimit-reset": "soon"}
    server.answers(server.reply(201, b"no json", odd))

    await actions.rerun(wanted)
    assert len(server.asked) == 1


async def test_a_bomb_in_an_answer_is_not_unpacked_whole(server: Any, actions: GitHubActions) -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    server.answers(server.reply(422, bomb, {"Content-Encoding": "gzip"}))
    tracemalloc.start()
    problem = await problem_of(actions, command(RerunScope.FAILED))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert problem.kind is ProblemKind.REFUSED
    assert most < 40 * 2**20


@BOTH
async def test_a_limited_write_is_neither_repeated_nor_slept_over(
    server: Any, actions: GitHubActions, client: GitHubClient, wanted: Rerun
) -> None:
    server.answers(server.json({"message": "You have exceeded a secondary rate limit."}, 403, Retry_After="90"))
    for _ in range(2):
        problem = await problem_of(actions, wanted)
        assert problem.kind is ProblemKind.RATE_LIMITED
        assert problem.retry_at == client.budget.blocked_until
    assert len(server.asked) == 1


@BOTH
async def test_without_a_token_nothing_is_sent(server: Any, clock: Any, bodies: MemoryBodies, wanted: Rerun) -> None:
    client = GitHubClient("github.com", server.url, None, bodies, clock)
    problem = await problem_of(GitHubActions(client), wanted)
    await client.close()

    assert (problem.kind, server.asked) == (ProblemKind.UNAUTHORIZED, [])


async def test_a_job_must_be_named(server: Any, actions: GitHubActions) -> None:
    problem = await problem_of(actions, command(RerunScope.JOB, job_id=None))

    assert (problem.kind, server.asked) == (ProblemKind.REFUSED, [])


async def test_an_enterprise_path_is_kept(server: Any, clock: Any, bodies: MemoryBodies) -> None:
    server.answers(server.json({}, 201))
    client = GitHubClient("ghe.example.com", f"{server.url}/api/v3/", Secret("t"), bodies, clock)
    actions = GitHubActions(client)
    for scope in RerunScope:
        await actions.rerun(command(scope))
    await client.close()

    assert [asked.path for asked in server.asked] == [
        f"/api/v3{RUN}/rerun",
        f"/api/v3{RUN}/rerun-failed-jobs",
        f"/api/v3{JOB}/rerun",
    ]


async def test_environment_proxies_and_netrc_do_not_come_between(
    server: Any, storage: Any, actions: GitHubActions, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, storage.url)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers(server.json({}, 201))
    for scope in RerunScope:
        await actions.rerun(command(scope))

    assert storage.asked == []
    assert all(asked.headers["authorization"].endswith(" token-1") for asked in server.asked)


async def test_post_returns_the_answer(server: Any, client: GitHubClient) -> None:
    server.answers(server.json({"workflow_run_id": 7}, 200))
    answer = await client.post("/repos/octo/hello/x", {"ref": "main"}, "start CI on main")

    assert json.loads(answer.body) == {"workflow_run_id": 7}
    assert json.loads(server.asked[0].body) == {"ref": "main"}


def test_pygithub_is_imported_by_the_first_write_only() -> None:
    script = """
import sys
from cidash.github import actions, client
print([name for name in ("github", "requests", "urllib3", "httpx") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (result.stdout.strip(), result.stderr) == ("[]", "")
