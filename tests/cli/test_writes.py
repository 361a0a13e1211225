"""`cidash rerun` and `cidash ticket move`: named, asked about, sent once, and told as it ended."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from cidash.cli import ticket
from cidash.domain.command import ActionState, MoveTicket, Rerun, RerunScope
from cidash.domain.epic import Ticket, TransitionField
from cidash.domain.problem import Problem, ProblemKind, SourceError

Cidash = Callable[..., tuple[int, str, str]]
READ_TICKET = ticket.read_ticket
HERE = ("-R", "tefj-fun/agent_bus")


@pytest.fixture(autouse=True)
def jira(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_ticket(key: str, config: Any) -> Ticket:
        found = next((one for one in engine.snapshot.epic.data.children if one.key == key), None)
        if found is None:
            raise SourceError(Problem(ProblemKind.NOT_FOUND, f"{key} is not there."))
        return cast("Ticket", found)

    monkeypatch.setattr("cidash.cli.ticket.read_ticket", read_ticket)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    def prepare(yes: bool) -> list[str]:
        asked: list[str] = []

        def ask(question: str) -> bool:
            asked.append(question)
            return yes

        monkeypatch.setattr("cidash.cli.confirm.can_ask", lambda: True)
        monkeypatch.setattr("cidash.cli.confirm.ask", ask)
        return asked

    return prepare


def test_rerun_names_everything_and_tells_the_outcome(cidash: Cidash, engine: Any) -> None:
    code, out, _ = cidash("rerun", "501", "--yes", *HERE)
    (command,) = engine.performed
    assert isinstance(command, Rerun)
    assert (command.run_id, command.attempt, command.scope, command.debug) == (501, 2, RerunScope.ALL, False)
    sentence = "Re-run all jobs of CI, attempt 2, kan-76-lint-format-checks at a1b2c3d"
    assert (code, out) == (0, f"{sentence} …\n{sentence}: done.\n")
    assert engine.closed


@pytest.mark.parametrize(
    ("options", "scope", "job_id"),
    [
        (["--failed"], RerunScope.FAILED, None),
        (["--job", "test"], RerunScope.JOB, 9002),
        (["--job", "TEST"], RerunScope.JOB, 9002),
        (["--job", "9001"], RerunScope.JOB, 9001),
        (["--job", "https://github.com/tefj-fun/agent_bus/actions/runs/501/job/9001"], RerunScope.JOB, 9001),
    ],
)
def test_rerun_scopes(cidash: Cidash, engine: Any, options: list[str], scope: RerunScope, job_id: int | None) -> None:
    assert cidash("rerun", "501", *options, "--debug", "--yes", *HERE)[0] == 0
    (command,) = engine.performed
    assert (command.scope, command.job_id, command.debug) == (scope, job_id, True)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/tefj-fun/agent_bus/actions/runs/501",
        "https://github.com/Tefj-Fun/Agent_Bus/actions/runs/501/attempts/1?x=1",
    ],
)
def test_rerun_by_url_needs_no_repository(cidash: Cidash, engine: Any, url: str) -> None:
    assert cidash("rerun", url, "--yes", *HERE)[0] == 0
    assert engine.performed[0].repository.full_name == "tefj-fun/agent_bus"
    assert cidash("rerun", "https://github.com/tefj-fun/agent_bus/actions/runs/501", "--yes")[0] == 0


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["0x1"], "is not a run"),
        (["https://evil.example/a/b/actions/runs/1"], "evil.example, which is not known"),
        (["https://github.com/a/b/pull/1"], "is not a run"),
        (["https://github.com/a/b/actions/runs/1", "-R", "c/d"], "but -R says c/d"),
        (["501", "--job", "nope"], 'has no job "nope". There are: lint (9001), test (9002).'),
        (["502", "--job", "x"], "could not be read"),
    ],
)
def test_rerun_of_what_is_not_there(cidash: Cidash, engine: Any, argv: list[str], sentence: str) -> None:
    code, _, err = cidash("rerun", *argv, "--yes", *(() if "-R" in argv or "https" in argv[0] else HERE))
    assert code == 64
    assert sentence in err
    assert engine.performed == []


def test_a_loopback_address_is_the_demos_host(cidash: Cidash, engine: Any, home: Any) -> None:
    file = home / "demo.toml"
    file.write_text(
        '[[repositories]]\nname = "tefj-fun/agent_bus"\n[hosts."github.com"]\napi_url = "http://127.0.0.1:8765"\n'
    )
    url = "http://127.0.0.1:8766/tefj-fun/agent_bus/actions/runs/501"
    assert cidash("--config", str(file), "rerun", url, "--yes")[0] == 0
    assert engine.performed[0].repository.host == "github.com"


def test_a_run_that_is_not_there_is_refused(cidash: Cidash, engine: Any) -> None:
    code, _, err = cidash("rerun", "999", "--yes", *HERE)
    assert (code, engine.performed) == (1, [])
    assert "has no run 999" in err


def test_without_a_terminal_yes_is_needed(cidash: Cidash, engine: Any) -> None:
    for argv in (("rerun", "501"), ("ticket", "move", "KAN-76", "Done")):
        code, _, err = cidash(*argv, *HERE)
        assert code == 64
        assert "--yes" in err
    assert engine.performed == []
    assert engine.built_with == []


def test_no_means_no(cidash: Cidash, engine: Any, answer: Callable[[bool], list[str]]) -> None:
    asked = answer(False)
    code, out, _ = cidash("rerun", "501", *HERE)
    assert (code, out, engine.performed) == (1, "Nothing was done.\n", [])
    assert asked == ["Re-run all jobs of CI, attempt 2, kan-76-lint-format-checks at a1b2c3d?"]


def test_yes_means_once(cidash: Cidash, engine: Any, answer: Callable[[bool], list[str]]) -> None:
    answer(True)
    assert cidash("rerun", "501", *HERE)[0] == 0
    assert len(engine.performed) == 1


@pytest.mark.parametrize(("outcome", "code"), [(ActionState.REFUSED, 1), (ActionState.UNKNOWN, 2)])
def test_outcomes_have_their_codes(cidash: Cidash, engine: Any, outcome: ActionState, code: int) -> None:
    engine.outcome = outcome
    engine.problem = Problem(ProblemKind.REFUSED, "No.", fields=(("resolution", "Resolution is required."),))
    done, out, _ = cidash("rerun", "501", "--yes", *HERE)
    assert done == code
    assert "  resolution: Resolution is required." in out


def test_read_only_writes_nothing(cidash: Cidash, engine: Any, home: Any) -> None:
    file = home / "c.toml"
    file.write_text("read_only = true\n")
    code, _, err = cidash("rerun", "501", "--yes", "--config", str(file), *HERE)
    assert code == 64
    assert "read_only" in err
    assert engine.built_with == []


# -- tickets ------------------------------------------------------------------------------------------------------


def test_a_move_with_its_field(cidash: Cidash, engine: Any) -> None:
    code, out, _ = cidash(
        "ticket", "move", "kan-76", "done", "--field", "Resolution=won't DO", "--comment", "shipped", "--yes"
    )
    (command,) = engine.performed
    assert isinstance(command, MoveTicket)
    assert (command.key, command.transition_id, command.transition_name) == ("KAN-76", "31", "Finish")
    assert (dict(command.fields), command.comment) == ({"resolution": {"id": "2"}}, "shipped")
    assert (command.from_status.name, command.to_status.name) == ("In Review", "Done")
    assert (code, out.splitlines()[-1]) == (0, "Move KAN-76 from In Review to Done: done.")


def test_a_move_by_the_transitions_name(cidash: Cidash, engine: Any) -> None:
    assert cidash("ticket", "move", "KAN-76", "BACK TO WORK", "--yes")[0] == 0
    assert engine.performed[0].transition_id == "11"


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        (["KAN-76", "Done"], 64, "requires Resolution (--field resolution=Done, one of: Done, Won't do)."),
        (
            ["KAN-76", "Done", "--field", "resolution=Nope"],
            64,
            "is not allowed for Resolution. Allowed: Done, Won't do.",
        ),
        (["KAN-76", "Done", "--field", "colour=red"], 64, 'has no field "colour". Its fields: resolution.'),
        (["KAN-76", "Done", "--field", "colour"], 64, "must be NAME=VALUE"),
        (["KAN-76", "Shipped"], 64, "There are: Back to work (to To Do), Finish (to Done)."),
        (["KAN-99", "Done"], 1, "KAN-99 is not there."),
        (["KAN", "Done"], 64, "is not a ticket key"),
    ],
)
def test_moves_that_can_not_be(cidash: Cidash, engine: Any, argv: list[str], code: int, sentence: str) -> None:
    done, _, err = cidash("ticket", "move", *argv, "--yes")
    assert done == code
    assert sentence in err
    assert engine.performed == []


def test_already_there(cidash: Cidash, engine: Any) -> None:
    assert cidash("ticket", "move", "KAN-76", "in review", "--yes") == (0, "KAN-76 is In Review already.\n", "")
    assert engine.performed == []


def test_no_rights_and_ambiguity(cidash: Cidash, engine: Any) -> None:
    engine.offered = ()
    assert "offers no transition" in cidash("ticket", "move", "KAN-76", "Done", "--yes")[2]
    engine.offered = (TWICE_A, TWICE_B)
    code, _, err = cidash("ticket", "move", "KAN-76", "Done", "--yes")
    assert code == 64
    assert 'Several transitions of KAN-76 lead to "Done", name one of them: Ship (to Done), Drop (to Done).' in err


def test_jira_off_or_down(cidash: Cidash, monkeypatch: pytest.MonkeyPatch, home: Any) -> None:
    monkeypatch.setattr("cidash.cli.ticket.read_ticket", READ_TICKET)
    code, _, err = cidash("ticket", "move", "KAN-76", "Done", "--yes")
    assert code == 64
    assert "Jira is not configured" in err
    file = home / "c.toml"
    file.write_text('[jira]\nurl = "http://127.0.0.1:9"\nepic = "KAN-40"\ntoken = { value = "s3cret" }\n')
    code, out, err = cidash("ticket", "move", "KAN-76", "Done", "--yes", "--config", str(file))
    assert (code, out) == (1, "")
    assert "127.0.0.1:9" in err
    assert "s3cret" not in err


def test_values_take_jiras_form() -> None:
    from cidash.cli.ticket import field_values
    from cidash.domain.epic import FieldOption, Status, StatusCategory, Transition

    options = (FieldOption("7", "api"), FieldOption("8", "web"))
    fields = (
        TransitionField("points", "Points", False, "number", None, (), False),
        TransitionField("labels", "Labels", False, "array", "string", (), False),
        TransitionField("components", "Components", False, "array", "component", options, False),
        TransitionField("assignee", "Assignee", False, "user", None, (), False),
        TransitionField("duedate", "Due", False, "date", None, (), False),
    )
    transition = Transition("1", "Go", Status("1", "X", StatusCategory.NEW), fields)
    given = {"points": "3", "Labels": "a, b", "components": "web,API", "assignee": "5b1", "due": "2026-12-01"}
    assert field_values(transition, given) == {
        "points": 3,
        "labels": ["a", "b"],
        "components": [{"id": "8"}, {"id": "7"}],
        "assignee": {"accountId": "5b1"},
        "duedate": "2026-12-01",
    }


def _twice(number: str, name: str) -> Any:
    from cidash.domain.epic import Status, StatusCategory, Transition

    return Transition(number, name, Status("4", "Done", StatusCategory.DONE), ())


TWICE_A, TWICE_B = _twice("41", "Ship"), _twice("42", "Drop")
