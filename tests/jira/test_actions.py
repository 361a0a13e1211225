"""Moving: looked at before, sent once in the documented form, every answer told, a lost one never repeated."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cidash.domain.epic import Status, StatusCategory
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira.actions import JiraActions
from cidash.jira.client import JiraClient
from cidash.jira.route import Route
from cidash.transport.bodies import MemoryBodies

HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture
def actions(client: JiraClient) -> JiraActions:
    return JiraActions(client)


async def problem_of(doing: Any) -> Problem:
    with pytest.raises(SourceError) as caught:
        await doing
    problem = caught.value.problem
    assert "s3cret" not in problem.sentence
    assert "\x1b" not in problem.sentence
    assert "KAN-76" in problem.sentence
    return problem


async def test_a_move_is_the_documented_request_and_204_without_body_is_success(
    jira: Any, actions: JiraActions, client: JiraClient, move: Callable[..., Any]
) -> None:
    await actions.move(move())
    assert [one.path for one in jira.seen] == ["/rest/api/3/issue/KAN-76", "/rest/api/2/issue/KAN-76/transitions"]
    (sent,) = jira.sent("POST")
    assert sent.json == {"transition": {"id": "31"}}
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["authorization"] == jira.seen[0].headers["authorization"]
    assert sent.headers["user-agent"].startswith("cidash/")
    assert (await client.ticket("KAN-76")).is_done


async def test_fields_and_a_comment_go_along(jira: Any, actions: JiraActions, move: Callable[..., Any]) -> None:
    fields = {"resolution": {"id": "10000"}, "labels": ["ci"]}
    await actions.move(move(fields=fields, comment="Grün on main"))
    (sent,) = jira.sent("POST")
    assert sent.json == {
        "transition": {"id": "31"},
        "fields": fields,
        "update": {"comment": [{"add": {"body": "Grün on main"}}]},
    }


@pytest.mark.parametrize(
    ("email", "sent"), [(None, "Bearer pat"), ("ада@example.com", "Basic 0LDQtNCwQGV4YW1wbGUuY29tOnBhdA==")]
)
async def test_reads_and_writes_carry_the_same_credentials(
    jira: Any, clock: Any, bodies: MemoryBodies, move: Callable[..., Any], email: str | None, sent: str
) -> None:
    client = JiraClient(jira.url, email, Secret("pat"), bodies, clock)
    await JiraActions(client).move(move())
    await client.close()
    assert [one.headers["authorization"] for one in jira.seen] == [sent, sent]


async def test_the_environment_does_not_replace_the_credentials(
    jira: Any, actions: JiraActions, move: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password evil\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await actions.move(move())
    (sent,) = jira.sent("POST")
    assert sent.headers["authorization"] == jira.seen[0].headers["authorization"]


async def test_a_ticket_that_was_moved_meanwhile_is_not_moved(
    jira: Any, actions: JiraActions, reply: Callable[..., Any], move: Callable[..., Any]
) -> None:
    done = {"id": "10003", "name": "Fertig", "statusCategory": {"key": "done"}}
    history = {
        "created": "2026-02-01T09:00:00.000+0000",
        "author": {"displayName": "Grace"},
        "items": [{"field": "status", "from": "10002", "to": "10003"}],
    }
    jira.tickets["KAN-76"]["fields"]["status"] = done
    jira.tickets["KAN-76"]["changelog"] = {"histories": [history]}
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.CONFLICT
    for word in ("Fertig", "In Review", "Grace", "press again"):
        assert word in problem.sentence
    assert jira.sent("POST") == []
    assert dict(jira.seen[-1].params)["expand"] == "changelog"


async def test_a_conflict_is_told_without_the_name_of_the_mover_too(
    jira: Any, actions: JiraActions, move: Callable[..., Any]
) -> None:
    jira.add(76, "Lint checks", 40, "Done")
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.CONFLICT
    assert "moved it" not in problem.sentence
    assert jira.sent("POST") == []


async def test_statuses_are_compared_by_id_and_else_by_name(
    jira: Any, actions: JiraActions, move: Callable[..., Any]
) -> None:
    renamed = Status("10002", "Review", StatusCategory.INDETERMINATE)
    await actions.move(move(from_status=renamed))
    jira.add(76, "Lint checks", 40, "In Review")
    await actions.move(move(from_status=Status("", "In Review", StatusCategory.UNDEFINED)))
    jira.add(76, "Lint checks", 40, "In Review")
    problem = await problem_of(actions.move(move(from_status=Status("", "Review", StatusCategory.UNDEFINED))))
    assert problem.kind is ProblemKind.CONFLICT
    assert len(jira.sent("POST")) == 2


@pytest.mark.parametrize(("status", "kind"), [(404, ProblemKind.NOT_FOUND), (502, ProblemKind.SERVER_ERROR)])
async def test_nothing_is_sent_when_the_look_fails(
    jira: Any, actions: JiraActions, move: Callable[..., Any], status: int, kind: ProblemKind
) -> None:
    jira.instead("GET", "/issue/KAN-76", status=status)
    problem = await problem_of(actions.move(move()))
    assert problem.kind is kind
    assert "KAN-76 was not moved" in problem.sentence
    assert jira.sent("POST") == []


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            400,
            {"errorMessages": ["Transition id '31' is not valid."], "errors": {}},
            ProblemKind.REFUSED,
            "'31' is not valid",
        ),
        (400, b"not json", ProblemKind.REFUSED, "HTTP 400"),
        (401, HTML, ProblemKind.UNAUTHORIZED, "token"),
        (403, {"errorMessages": ["Nein\x1b[2J"]}, ProblemKind.FORBIDDEN, "“Nein”"),
        (404, {"errorMessages": ["Issue does not exist"]}, ProblemKind.NOT_FOUND, "does not exist"),
        (409, {"errorMessages": ["another transition"]}, ProblemKind.CONFLICT, "press again"),
        (413, {"errorMessages": ["too many comments"]}, ProblemKind.REFUSED, "too many comments"),
        (422, {"errorMessages": ["misconfigured"]}, ProblemKind.REFUSED, "administrator"),
        (500, HTML, ProblemKind.OUTCOME_UNKNOWN, "500"),
        (502, HTML, ProblemKind.OUTCOME_UNKNOWN, "not asked again"),
        (503, b"", ProblemKind.OUTCOME_UNKNOWN, "503"),
        (504, HTML, ProblemKind.OUTCOME_UNKNOWN, "504"),
        (200, HTML, ProblemKind.OUTCOME_UNKNOWN, "200"),
    ],
)
async def test_every_answer_to_a_write_has_its_sentence(
    jira: Any,
    actions: JiraActions,
    reply: Callable[..., Any],
    move: Callable[..., Any],
    status: int,
    body: Any,
    kind: Any,
    words: str,
) -> None:
    jira.instead("POST", "/transitions", reply(body, status))
    problem = await problem_of(actions.move(move()))
    assert problem.kind is kind
    assert words in problem.sentence
    assert problem.status == status
    assert len(jira.sent("POST")) == 1


async def test_refused_fields_are_told_by_their_ids(
    jira: Any, actions: JiraActions, reply: Callable[..., Any], move: Callable[..., Any]
) -> None:
    errors = {"resolution": "Une résolution \x1b[31mest requise.", "customfield_10010": "Team is required."}
    jira.instead("POST", "/transitions", reply({"errorMessages": [], "errors": errors}, 400))
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.REFUSED
    assert problem.fields == (
        ("resolution", "Une résolution est requise."),
        ("customfield_10010", "Team is required."),
    )
    assert "Une résolution est requise. Team is required" in problem.sentence


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    jira: Any, actions: JiraActions, reply: Callable[..., Any], move: Callable[..., Any], status: int
) -> None:
    jira.instead("POST", "/transitions", reply(b"", status, Location=f"{jira.url}/rest/api/2/issue/KAN-76/transitions"))
    with pytest.raises(SourceError) as caught:
        await actions.move(move())
    assert caught.value.problem.kind is ProblemKind.BAD_ANSWER
    assert len(jira.sent("POST")) == 1


@pytest.mark.parametrize("cut", ["before", "body"])
async def test_a_write_whose_answer_is_lost_is_sent_once(
    jira: Any, actions: JiraActions, move: Callable[..., Any], cut: str
) -> None:
    headers = {"Content-Length": "100"}
    jira.instead(
        "POST", "/transitions", status=200, body=b"<html>" * 20, headers=headers if cut == "body" else {}, cut=cut
    )
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.OUTCOME_UNKNOWN
    assert len(jira.sent("POST")) == 1


async def test_a_refusal_whose_body_is_cut_is_still_a_refusal(
    jira: Any, actions: JiraActions, move: Callable[..., Any]
) -> None:
    jira.instead("POST", "/transitions", status=400, body=b'{"errorMessages": ["No"]}', cut="body")
    assert (await problem_of(actions.move(move()))).kind is ProblemKind.REFUSED
    assert len(jira.sent("POST")) == 1


async def test_a_server_that_went_away_before_the_write_was_not_asked(
    jira: Any, actions: JiraActions, move: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await actions._client.ticket("KAN-76")

    async def seen_before(_key: str) -> Any:
        return ticket

    monkeypatch.setattr(actions._client, "ticket", seen_before)
    for address, words in (
        ("http://127.0.0.1:1", "could not be reached"),
        ("https://127.0.0.1:1", "could not be reached"),
    ):
        actions._client._route = Route(address, bearer=False)
        problem = await problem_of(actions.move(move()))
        assert problem.kind is ProblemKind.UNREACHABLE
        assert words in problem.sentence
        assert "was not asked" in problem.sentence


async def test_a_stuck_write_is_given_up_and_does_not_hold_the_next(
    jira: Any, client: JiraClient, move: Callable[..., Any]
) -> None:
    actions = JiraActions(client, deadline_seconds=0.3)
    release = threading.Event()
    jira.instead("POST", "/transitions", status=204, wait=release, once=True)
    started = time.monotonic()
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.OUTCOME_UNKNOWN
    assert time.monotonic() - started < 5
    actions.sender._deadline = 30.0
    await actions.move(move())
    release.set()
    assert len(jira.sent("POST")) == 2


async def test_a_cancelled_move_ends_at_once(jira: Any, actions: JiraActions, move: Callable[..., Any]) -> None:
    release = threading.Event()
    reply = jira.instead("POST", "/transitions", status=204, wait=release)
    task = asyncio.create_task(actions.move(move()))
    assert await asyncio.to_thread(reply.arrived.wait, 20)
    task.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 1
    release.set()


async def test_a_limit_on_writes_to_one_ticket_holds_that_ticket_only(
    jira: Any, actions: JiraActions, client: JiraClient, clock: Any, reply: Callable[..., Any], move: Callable[..., Any]
) -> None:
    limited = reply(HTML, 429, RateLimit_Reason="jira-per-issue-on-write", Retry_After="9")
    jira.instead("POST", "/KAN-76/transitions", limited, once=True)
    problem = await problem_of(actions.move(move()))
    assert problem.kind is ProblemKind.RATE_LIMITED
    assert problem.retry_at == clock.now() + timedelta(seconds=9)
    assert await problem_of(actions.move(move())) == problem
    await actions.move(move(key="KAN-9", from_status=Status("10003", "Done", StatusCategory.DONE)))
    assert (await client.ticket("KAN-76")).key == "KAN-76"
    assert [one.path.split("/")[5] for one in jira.sent("POST")] == ["KAN-76", "KAN-9"]
    clock.pass_seconds(9)
    await actions.move(move())


@pytest.mark.parametrize(
    ("reason", "blocks_reads"), [("jira-burst-based", False), ("jira-quota-tenant-based", True), (None, True)]
)
async def test_what_else_a_limited_write_blocks(
    jira: Any,
    actions: JiraActions,
    client: JiraClient,
    reply: Callable[..., Any],
    move: Callable[..., Any],
    reason: str | None,
    blocks_reads: bool,
) -> None:
    headers = {"RateLimit_Reason": reason} if reason else {}
    jira.instead("POST", "/transitions", reply(HTML, 429, **headers))
    await problem_of(actions.move(move()))
    other = actions.move(move(key="KAN-9", from_status=Status("10003", "Done", StatusCategory.DONE)))
    with pytest.raises(SourceError):
        await other
    assert len(jira.sent("POST")) == 1
    if blocks_reads:
        with pytest.raises(SourceError):
            await client.ticket("KAN-76")
    else:
        await client.ticket("KAN-76")


async def test_what_can_not_be_written_as_json_is_not_sent(
    jira: Any, actions: JiraActions, move: Callable[..., Any]
) -> None:
    for value in (object(), float("nan")):
        assert (await problem_of(actions.move(move(fields={"x": value})))).kind is ProblemKind.REFUSED
    assert jira.seen == []


async def test_two_moves_at_once_are_two_requests(jira: Any, actions: JiraActions, move: Callable[..., Any]) -> None:
    await asyncio.gather(
        actions.move(move()), actions.move(move(key="KAN-9", from_status=Status("10003", "Done", StatusCategory.DONE)))
    )
    assert sorted(one.path.split("/")[5] for one in jira.sent("POST")) == ["KAN-76", "KAN-9"]
