"""JSON to nouns: what is missing, null, unknown, hostile, out of range or of a wrong type."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.state import State
from cidash.github import queries
from cidash.github.nouns import safe_url

Make = Callable[..., dict[str, Any]]


def bytes_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_run_becomes_a_noun(repository: RepositoryId, run_json: Make) -> None:
    run = queries.run(repository, 1001).read(bytes_of(run_json(pull_requests=[{"number": 38, "id": 5}])))

    assert (run.repository, run.key, run.number, run.workflow_id) == (repository, (1001, 2), 38, 7)
    assert (run.workflow_name, run.workflow_path) == ("CI", ".github/workflows/ci.yml")
    assert (run.title, run.event, run.branch, run.short_sha) == ("KAN-76 Lint", "pull_request", "kan-76", "a1b2c3d")
    assert run.state is State.SUCCESS
    assert run.created_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert run.started_at == datetime(2026, 11, 20, 9, 1, tzinfo=UTC)
    assert (run.actor, run.pull_requests) == ("mona", (38,))
    assert run.url == "https://github.com/octo/hello/actions/runs/1001"


def test_a_run_with_everything_null_that_may_be(repository: RepositoryId, run_json: Make) -> None:
    names = ("name", "head_branch", "status", "conclusion", "display_title", "event", "path", "actor", "html_url")
    nulls = dict.fromkeys((*names, "pull_requests", "run_started_at", "updated_at"))
    run = queries.run(repository, 1001).read(bytes_of(run_json(**nulls)))

    assert run.state is State.UNKNOWN
    assert (run.status, run.conclusion, run.branch) == ("unknown", None, None)
    assert (run.workflow_name, run.title, run.actor, run.url, run.pull_requests) == ("", "", "", "", ())
    assert run.started_at == run.created_at


def test_a_run_of_the_bare_minimum(repository: RepositoryId) -> None:
    bare = {"id": 1, "workflow_id": 2, "head_sha": "abc", "created_at": "2026-11-20T09:00:00Z"}
    run = queries.run(repository, 1).read(bytes_of(bare))

    assert run.attempt == 1
    assert run.updated_at == run.started_at == run.created_at


@pytest.mark.parametrize(
    ("name", "path", "shown_name", "shown_path"),
    [
        (None, ".github/workflows/ci.yml", ".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        (
            ".github/workflows/ci.yml",
            ".github/workflows/ci.yml",
            ".github/workflows/ci.yml",
            ".github/workflows/ci.yml",
        ),
        ("", "BuildFailed", "BuildFailed", "BuildFailed"),
        ("CI", ".github/workflows/ci.yml@refs/heads/main", "CI", ".github/workflows/ci.yml"),
        ("CI", ".github/workflows/ci@2.yaml", "CI", ".github/workflows/ci@2.yaml"),
        ("CodeQL", "dynamic/github-code-scanning/codeql", "CodeQL", "dynamic/github-code-scanning/codeql"),
    ],
)
def test_names_and_paths_of_workflows(
    repository: RepositoryId, run_json: Make, name: str | None, path: str, shown_name: str, shown_path: str
) -> None:
    run = queries.run(repository, 1001).read(bytes_of(run_json(name=name, path=path)))

    assert (run.workflow_name, run.workflow_path) == (shown_name, shown_path)


def test_words_that_github_has_not_invented_yet(repository: RepositoryId, run_json: Make) -> None:
    run = queries.run(repository, 1001).read(bytes_of(run_json(status="completed", conclusion="postponed")))

    assert (run.conclusion, run.state) == ("postponed", State.UNKNOWN)


def test_hostile_text_is_cleaned_and_markup_is_kept_as_text(repository: RepositoryId, run_json: Make) -> None:
    nasty = run_json(
        display_title="\x1b]52;c;ZXZpbA==\x07fix \x1b[2Jbug\u202e\nnow",
        head_branch="[@click=app.quit]x[/]",
        conclusion="\x9b31mfailure",
        actor={"login": "mo\x1b[31mna"},
        html_url="javascript:alert(1)",
    )
    run = queries.run(repository, 1001).read(bytes_of(nasty))

    assert (run.title, run.branch, run.conclusion) == ("fix bug now", "[@click=app.quit]x[/]", "failure")
    assert (run.actor, run.url) == ("mona", "")


def test_jobs_are_listed_under_the_attempt_that_was_asked_for(repository: RepositoryId, job_json: Make) -> None:
    page = {"total_count": 2, "jobs": [job_json(), job_json(id=5002, run_attempt=2, steps=None, labels=None)]}
    first, carried_over = queries.jobs(repository, 1001, 2).read(bytes_of(page))

    assert (first.id, first.attempt, carried_over.attempt) == (5001, 2, 2)
    assert first.state is State.IN_PROGRESS
    assert first.started_at == datetime(2026, 11, 20, 9, 1, 5, tzinfo=UTC)
    assert (first.labels, first.runner_name) == (("ubuntu-latest",), "GitHub Actions 4")
    assert [(step.number, step.name, step.state) for step in first.steps] == [
        (1, "Set up job", State.SUCCESS),
        (4, "Pytest", State.PENDING),
    ]
    assert (carried_over.steps, carried_over.labels) == ((), ())


def test_a_time_of_the_year_one_is_absent(repository: RepositoryId, job_json: Make) -> None:
    page = {"jobs": [job_json(completed_at="0001-01-01T00:00:00Z", started_at="2026-11-20T10:01:05+01:00")]}
    (job,) = queries.jobs(repository, 1001, 1).read(bytes_of(page))

    assert job.completed_at is None
    assert job.started_at == datetime(2026, 11, 20, 9, 1, 5, tzinfo=UTC)
    assert job.started_at.tzinfo is UTC


def pull_json(**changes: Any) -> dict[str, Any]:
    return {
        "number": 38,
        "title": "KAN-76 Lint",
        "state": "open",
        "draft": False,
        "user": {"login": "mona"},
        "head": {"ref": "kan-76", "sha": "a1b2c3d4", "repo": None},
        "base": {"ref": "main", "sha": "ffff"},
        "updated_at": "2026-11-20T09:00:00Z",
        "html_url": "https://github.com/octo/hello/pull/38",
        "body": "Closes KAN-76\r\n\x1b[2Jyes",
    } | changes


def test_pull_requests_from_a_list_and_alone(repository: RepositoryId) -> None:
    (listed,) = queries.pulls(repository).read(bytes_of([pull_json()]))
    alone = queries.pull(repository, 38).read(
        bytes_of(pull_json(merged=True, mergeable_state="clean", user=None, body=None, draft=None, title=None))
    )

    assert (listed.number, listed.branch, listed.head_sha, listed.base_branch) == (38, "kan-76", "a1b2c3d4", "main")
    assert (listed.merged, listed.mergeable_state, listed.body) == (False, None, "Closes KAN-76\nyes")
    assert (alone.merged, alone.mergeable_state, alone.author, alone.body) == (True, "clean", "", "")


def test_workflows_default_branch_user_and_rate_limit(repository: RepositoryId) -> None:
    page = {
        "workflows": [
            {"id": 7, "name": "CI", "path": ".github/workflows/ci.yml", "state": "active"},
            {"id": 8, "path": "p"},
        ]
    }
    first, second = queries.workflows(repository).read(bytes_of(page))
    core = {"limit": 5000, "remaining": 4990, "used": 10, "reset": 1795176000}
    budget = queries.rate_limit("github.com").read(bytes_of({"resources": {"core": core}}))

    assert (first.name, first.state, second.name, second.state) == ("CI", "active", "p", "unknown")
    assert queries.repository(repository).read(b'{"default_branch": "main", "id": 1}') == "main"
    assert queries.user("github.com").read(b'{"login": "mona"}') == "mona"
    assert (budget.limit, budget.remaining) == (5000, 4990)
    assert budget.reset_at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": "1001"}, "workflow_runs[1].id is not a whole number"),
        ({"id": True}, "workflow_runs[1].id is not a whole number"),
        ({"id": 2**63}, "workflow_runs[1].id is out of range"),
        ({"id": -1}, "workflow_runs[1].id is out of range"),
        ({"run_attempt": 0}, "workflow_runs[1].run_attempt is out of range"),
        ({"head_sha": None}, "workflow_runs[1].head_sha is not a text"),
        ({"name": 7}, "workflow_runs[1].name is not a text"),
        ({"created_at": "yesterday"}, "workflow_runs[1].created_at is not a time"),
        ({"created_at": 1795176000}, "workflow_runs[1].created_at is not a time"),
        ({"created_at": "2026-11-20T09:00:00"}, "workflow_runs[1].created_at is a time without its zone"),
        ({"created_at": "0001-01-01T00:00:00Z"}, "workflow_runs[1].created_at is out of range"),
        ({"actor": "mona"}, "workflow_runs[1].actor is not an object"),
        ({"actor": {}}, "workflow_runs[1].actor.login is missing"),
        ({"pull_requests": {}}, "workflow_runs[1].pull_requests is not a list"),
    ],
)
def test_a_wrong_type_names_its_field(
    repository: RepositoryId, run_json: Make, changes: dict[str, Any], fault: str
) -> None:
    body = bytes_of({"workflow_runs": [run_json(), run_json(**changes)]})

    with pytest.raises(SourceError) as raised:
        queries.recent_runs(repository).read(body)

    assert raised.value.problem.kind is ProblemKind.BAD_ANSWER
    assert str(raised.value) == f"github.com answered with something unreadable for the runs of octo/hello: {fault}."
    assert raised.value.__cause__ is None, "the validation error holds the body"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "it is cut off in the middle"),
        (b'{"workflow_runs": [{"id": 1, "na', "it is cut off in the middle"),
        (b"<html>Sign in to the hotel</html>", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"workflow_runs": [{"id": ' + b"9" * 6000 + b"}]}", "it is not JSON"),
        (b"[]", "the whole of it is not an object"),
        (b"null", "the whole of it is not an object"),
        (b"{}", "workflow_runs is missing"),
        (b'{"workflow_runs": null}', "workflow_runs is not a list"),
    ],
)
def test_a_body_that_is_no_answer(repository: RepositoryId, body: bytes, fault: str) -> None:
    with pytest.raises(SourceError, match="unreadable for the runs of octo/hello") as raised:
        queries.recent_runs(repository).read(body)

    assert raised.value.problem.sentence.endswith(f": {fault}.")


def test_a_bare_array_is_read_or_refused(repository: RepositoryId) -> None:
    with pytest.raises(SourceError, match=r"\[0\]\.head is missing"):
        queries.pulls(repository).read(b'[{"number": 1, "state": "open"}]')
    with pytest.raises(SourceError, match="the whole of it is not a list"):
        queries.pulls(repository).read(b'{"message": "Moved"}')


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://github.com/octo/hello", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:80/x", True),
        ("http://github.com/octo", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://github.com/\x1b[2J", False),
        ("https://github.com/a b", False),
        ("https://github.com/" + "x" * 3000, False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_pages_are_links(url: str | None, kept: bool) -> None:
    assert safe_url(url) == (url if kept else "")
