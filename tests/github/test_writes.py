"""Every write: the right request, sent once, a second after the one before; whatever the answer, it is told."""

import asyncio
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cidash.domain.acting import Artifact
from cidash.domain.command import GitHubCommand
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DeleteCache,
    DispatchWorkflow,
    Environment,
    MergeMethod,
    MergePull,
    ReviewDeployment,
    RunAt,
    SetWorkflow,
)
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.github import acting_queries, artifacts
from cidash.github.actions import GitHubActions
from cidash.github.client import GitHubClient
from cidash.github.unpack import Bounds

REPOSITORY = RepositoryId("github.com", "octo", "hello")
BASE = "/repos/octo/hello"
AT = RunAt(REPOSITORY, 1001, 2, "CI", "kan-76", "a1b2c3d")
MERGE = MergePull(REPOSITORY, 38, "Lint", "kan-76", "main", "a" * 40, MergeMethod.SQUASH)
DISPATCH = DispatchWorkflow(REPOSITORY, 7, "Smoke", "main", (("reason", "x"),))
ONES: list[tuple[GitHubCommand, str, str, Any]] = [
    (CancelRun(AT), "POST", f"{BASE}/actions/runs/1001/cancel", None),
    (CancelRun(AT, force=True), "POST", f"{BASE}/actions/runs/1001/force-cancel", None),
    (ApproveRun(AT), "POST", f"{BASE}/actions/runs/1001/approve", None),
    (
        ReviewDeployment(AT, (Environment(5, "production"),), False, "no"),
        "POST",
        f"{BASE}/actions/runs/1001/pending_deployments",
        {"environment_ids": [5], "state": "rejected", "comment": "no"},
    ),
    (MERGE, "PUT", f"{BASE}/pulls/38/merge", {"merge_method": "squash", "sha": "a" * 40}),
    (
        DISPATCH,
        "POST",
        f"{BASE}/actions/workflows/7/dispatches",
        {"ref": "main", "inputs": {"reason": "x"}, "return_run_details": True},
    ),
    (SetWorkflow(REPOSITORY, 7, "CI", enabled=True), "PUT", f"{BASE}/actions/workflows/7/enable", None),
    (SetWorkflow(REPOSITORY, 7, "CI", enabled=False), "PUT", f"{BASE}/actions/workflows/7/disable", None),
    (DeleteCache(REPOSITORY, 9, "k", "refs/heads/main"), "DELETE", f"{BASE}/actions/caches/9", None),
]
EACH = pytest.mark.parametrize("command", [one[0] for one in ONES], ids=[one[2].rpartition("/")[2] for one in ONES])


@pytest.fixture
def actions(client: GitHubClient) -> GitHubActions:
    return GitHubActions(client, timeout_seconds=3)


async def problem_of(actions: GitHubActions, command: GitHubCommand) -> Problem:
    with pytest.raises(SourceError) as caught:
        await actions.send(command)
    return caught.value.problem


@pytest.mark.parametrize(("command", "method", "path", "body"), ONES)
async def test_the_right_request_is_sent_once(
    server: Any, actions: GitHubActions, command: GitHubCommand, method: str, path: str, body: Any
) -> None:
    server.answers(server.json({}, 200))
    await actions.send(command)
    (asked,) = server.asked
    assert (asked.method, asked.target) == (method, path)
    assert (json.loads(asked.body) if asked.body else None) == body
    assert asked.headers["authorization"].endswith(" token-1")


async def test_an_empty_answer_is_an_answer(server: Any, actions: GitHubActions) -> None:
    server.answers(server.reply(204))
    for command, *_ in ONES:
        assert (await actions.send(command)).status == 204
    assert len(server.asked) == len(ONES)


@EACH
@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (401, "Bad credentials", ProblemKind.UNAUTHORIZED, "did not accept the token"),
        (403, "Must have admin rights to Repository.", ProblemKind.FORBIDDEN, ": write"),
        (404, "Not Found", ProblemKind.NOT_FOUND, "it is not there, or the token may not do it"),
        (405, 'Required status check "test" is expected.', ProblemKind.REFUSED, 'Required status check "test"'),
        (409, "Head branch was modified. \u001b[2J", ProblemKind.CONFLICT, "(409: Head branch was modified)"),
        (422, "Validation Failed", ProblemKind.REFUSED, "(422: Validation Failed)"),
        (502, "", ProblemKind.OUTCOME_UNKNOWN, "may or may not have been done"),
        (301, "Moved Permanently", ProblemKind.REFUSED, "the repository has moved"),
    ],
)
async def test_a_refusal_is_one_sentence_and_is_not_sent_again(
    server: Any,
    actions: GitHubActions,
    command: GitHubCommand,
    status: int,
    message: str,
    kind: ProblemKind,
    words: str,
) -> None:
    server.answers(server.reply(status, json.dumps({"message": message}).encode(), {"Location": f"{server.url}/x"}))
    problem = await problem_of(actions, command)
    assert (problem.kind, problem.status, len(server.asked)) == (kind, status, 1)
    assert words in problem.sentence
    assert command.sentence[1:] in problem.sentence
    assert "\x1b" not in problem.sentence


@EACH
@pytest.mark.parametrize("how", ["cut", "cut body"])
async def test_a_lost_answer_is_unknown_and_sent_exactly_once(
    server: Any, actions: GitHubActions, command: GitHubCommand, how: str
) -> None:
    server.answers(server.reply(cut=True) if how == "cut" else server.reply(200, b"{", announce=100))
    problem = await problem_of(actions, command)
    assert problem.kind is ProblemKind.OUTCOME_UNKNOWN
    assert len(server.asked) == 1


async def test_writes_are_a_second_apart(server: Any, clock: Any, actions: GitHubActions) -> None:
    at: list[float] = []

    def handler(asked: Any) -> Any:
        at.append(clock.monotonic())
        return server.json({}, 202)

    server.handler = handler
    await asyncio.gather(*(actions.send(CancelRun(AT)) for _ in range(3)), actions.send(ApproveRun(AT)))
    assert len(at) == 4
    assert clock.monotonic() >= 3.0


async def test_another_host_is_not_sent_what_it_does_not_know(server: Any, actions: GitHubActions) -> None:
    server.answers(server.reply(204))
    await actions.send(DispatchWorkflow(RepositoryId("ghe.example.com", "octo", "hello"), 7, "Smoke", "v1"))
    assert json.loads(server.asked[0].body) == {"ref": "v1"}


async def test_settings_that_are_not_told_are_unknown(server: Any, client: GitHubClient) -> None:
    server.answers(server.json({"default_branch": "main"}))
    settings = (await client.fetch(acting_queries.merge_settings(REPOSITORY))).data
    assert (settings.methods, settings.auto_merge) == (None, None)
    server.answers(
        server.json(
            {
                "default_branch": "main",
                "allow_merge_commit": False,
                "allow_squash_merge": True,
                "allow_rebase_merge": False,
                "allow_auto_merge": True,
            }
        )
    )
    settings = (await client.fetch(acting_queries.merge_settings(REPOSITORY))).data
    assert (settings.methods, settings.auto_merge) == ((MergeMethod.SQUASH,), True)


async def test_a_file_in_no_base64_is_unreadable(server: Any, client: GitHubClient) -> None:
    server.answers(server.json({"content": "", "encoding": "none"}))
    with pytest.raises(SourceError, match="its content is not in base64"):
        await client.fetch(acting_queries.file(REPOSITORY, ".github/workflows/../ci.yml", "a b"))
    assert server.asked[0].target == f"{BASE}/contents/.github/workflows/ci.yml?ref=a%20b"


# -- artifacts --------------------------------------------------------------------------------------------------------


def zipped(name: str = "report.json", data: bytes = b"{}") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def artifact(data: bytes = b"", name: str = "report") -> Artifact:
    return Artifact(3, name, len(data), False, None, None, hashlib.sha256(data).hexdigest() if data else None)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def fetched(client: GitHubClient, one: Artifact, folder: Path, **more: Any) -> Path:
    return await artifacts.download(client.gate, REPOSITORY, one, folder, lambda size: None, **more)


@pytest.fixture
def linked(server: Any, storage: Any) -> Any:
    server.answers(server.reply(302, b"", {"Location": f"{storage.url}/blob?sig=1"}))
    return storage


async def test_an_artifact_is_unpacked_and_the_storage_never_sees_the_token(
    client: GitHubClient, linked: Any, tmp_path: Path
) -> None:
    linked.answers(linked.reply(200, zipped()))
    seen: list[int] = []
    target = await artifacts.download(client.gate, REPOSITORY, artifact(zipped()), tmp_path / "new", seen.append)
    assert target == tmp_path / "new" / "report"
    assert (target / "report.json").read_bytes() == b"{}"
    assert names(tmp_path / "new") == ["report"]
    assert seen[-1] == len(zipped())
    assert "authorization" not in linked.asked[0].headers


async def test_nothing_is_overwritten(client: GitHubClient, linked: Any, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    with pytest.raises(SourceError, match="is there already, and nothing is overwritten"):
        await fetched(client, artifact(), tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="is there already"):
        await fetched(client, artifact(name="link"), tmp_path)
    assert linked.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": zipped("../../out", b"evil")}, "is not safe"),
        ({"body": zipped(data=b"\0" * 30_000_000)}, "would unpack to more"),
        ({"body": b"not a zip"}, "it is not a zip archive"),
        ({"status": 403}, r"did not hand out .* \(403\)"),
        ({"body": zipped(), "headers": {"Content-Encoding": "gzip"}}, "did not hand out"),
        ({"body": zipped(), "announce": 10_000}, "went away before all of"),
        ({"cut": True}, "went away before all of"),
        ({"body": b"x" * 5_000}, "is larger than"),
    ],
)
async def test_what_goes_wrong_leaves_nothing_behind(
    client: GitHubClient, linked: Any, tmp_path: Path, answer: dict[str, Any], words: str
) -> None:
    linked.answers(linked.reply(**({"status": 200} | answer)))
    with pytest.raises(SourceError, match=words):
        await fetched(
            client,
            artifact(),
            tmp_path / "d",
            bounds=Bounds(ratio=100, ratio_from_bytes=1_000_000),
            archive_limit=4_000 if answer.get("body") == b"x" * 5_000 else 2**30,
        )
    assert names(tmp_path / "d") == []


async def test_another_digest_is_refused(client: GitHubClient, linked: Any, tmp_path: Path) -> None:
    linked.answers(linked.reply(200, zipped(data=b"swapped")))
    with pytest.raises(SourceError, match="its digest is another one"):
        await fetched(client, artifact(zipped()), tmp_path)
    assert names(tmp_path) == []


async def test_an_expired_artifact_says_so(server: Any, client: GitHubClient, tmp_path: Path) -> None:
    server.answers(server.json({"message": "Artifact has expired"}, 410))
    with pytest.raises(SourceError, match="has thrown away artifact report") as caught:
        await fetched(client, artifact(), tmp_path)
    assert caught.value.problem.kind is ProblemKind.NOT_FOUND


async def test_a_link_to_an_unsafe_place_is_not_followed(server: Any, client: GitHubClient, tmp_path: Path) -> None:
    for place in ("http://example.com/blob", "file:///etc/passwd", ""):
        server.answers(server.reply(302, b"", {"Location": place}))
        with pytest.raises(SourceError, match="not safe to read from"):
            await fetched(client, artifact(), tmp_path)


async def test_a_folder_that_can_not_be_made_says_so(client: GitHubClient, linked: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="could not be written to"):
        await fetched(client, artifact(), tmp_path / "file" / "x")


async def test_leaving_in_the_middle_leaves_nothing_behind(client: GitHubClient, linked: Any, tmp_path: Path) -> None:
    gate = asyncio.Event()
    linked.answers(linked.reply(200, zipped(), hold=gate))
    task = asyncio.create_task(fetched(client, artifact(), tmp_path))
    await linked.wait_for(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    assert names(tmp_path) == []


async def test_without_a_token_nothing_is_sent(server: Any, clock: Any, bodies: Any) -> None:
    client = GitHubClient("github.com", server.url, None, bodies, clock)
    actions = GitHubActions(client)
    for command, *_ in ONES:
        assert (await problem_of(actions, command)).kind is ProblemKind.UNAUTHORIZED
    await client.close()
    assert server.asked == []


async def test_nobody_there_means_not_sent(clock: Any, bodies: Any) -> None:
    client = GitHubClient("github.com", "http://127.0.0.1:1", Secret("t"), bodies, clock)
    actions = GitHubActions(client)
    for command, *_ in ONES:
        assert (await problem_of(actions, command)).kind is ProblemKind.UNREACHABLE
    await client.close()
