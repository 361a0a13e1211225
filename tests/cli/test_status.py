"""`cidash status` and `cidash targets`: text for people, JSON for programs."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cidash.cli import words
from cidash.cli.console import Console, cells, cut
from cidash.domain.problem import Problem
from cidash.domain.snapshot import Part, RepositorySnapshot, SourceState

Cidash = Callable[..., tuple[int, str, str]]


def test_text(cidash: Cidash, engine: Any) -> None:
    code, out, err = cidash("status", "-R", "tefj-fun/agent_bus")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[0] == "tefj-fun/agent_bus"
    assert lines[1:3] == ["  ✓ passed  main  default branch", "      ✓ passed  CI  —  run 503, push"]
    assert lines[3] == "  ◐ running  #38 KAN-76 Lint/format checks  kan-76-lint-format-checks at a1b2c3d"
    assert "  ✗ failed  #44 KAN-79 Release automation  kan-79-release at bbbbbbb" in lines
    assert "  · no runs  #45 Nothing yet  docs at ccccccc" in lines
    assert any("attempt 2" in line and "2m18s" in line and "about 1m06s left" in line for line in lines)
    assert any("test" in line and "Build + start services" in line for line in lines)
    assert "KAN-40 Harden CI/CD · 0/2 done" in lines
    assert any(line.split()[:3] == ["KAN-76", "◐", "In"] and "#38" in line for line in lines)
    assert any("MET" in line and "3m30s" in line and "≤ 2m00s" in line and "1m41s" in line for line in lines)
    assert "github.com: 4,912 of 5,000 requests left; 30 made now, 12 of them charged" in lines


def test_json(cidash: Cidash, engine: Any) -> None:
    code, out, err = cidash("status", "--json", "-R", "tefj-fun/agent_bus")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["schema_version"], document["generated_at"]) == (1, "2026-11-23T09:41:00Z")
    assert list(document) == ["schema_version", "generated_at", "repositories", "epic", "targets", "budgets"]
    (repository,) = document["repositories"]
    assert (repository["repository"], repository["default_branch"]) == ("tefj-fun/agent_bus", "main")
    pulls = repository["pulls"]
    assert {key: pulls[key] for key in ("state", "fetched_at", "age_seconds", "problem")} == {
        "state": "live", "fetched_at": "2026-11-23T09:40:58Z", "age_seconds": 2.0, "problem": None,
    }  # fmt: skip
    first, second, third = pulls["items"]
    assert [each["checks"] for each in pulls["items"]] == ["in_progress", "failure", None]
    assert first["tickets"] == ["KAN-76"]
    (run,) = first["runs"]
    assert (run["id"], run["attempt"], run["state"], run["duration_seconds"]) == (501, 2, "in_progress", 138.0)
    lint, test = run["jobs"]
    assert (lint["duration_seconds"], lint["queue_seconds"], lint["cache"]) == (10.0, 2.0, "hit")
    assert (test["duration_seconds"], test["state"], test["cache"]) == (None, "in_progress", None)
    assert test["steps"][0]["name"] == "Build + start services"
    assert second["runs"][0]["jobs"] is None
    assert third["runs"] == []
    epic = document["epic"]
    assert (epic["state"], epic["ticket"]["key"]) == ("live", "KAN-40")
    assert epic["children"][0]["pulls"][0]["number"] == 38
    assert epic["children"][1]["links"][0]["blocks_me"] is True
    met, unknown = document["targets"]
    assert (met["limit_seconds"], met["value_seconds"], met["verdict"], met["n"]) == (120, 101.0, "met", 20)
    assert (unknown["limit_text"], unknown["verdict"]) == ("full", "unknown")
    assert document["budgets"][0]["charged"] == 12


def test_every_time_and_duration_has_its_form(cidash: Cidash, engine: Any) -> None:
    _, out, _ = cidash("status", "--json", "-R", "tefj-fun/agent_bus")

    def check(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                check(inner, name)
        elif isinstance(value, list):
            for inner in value:
                check(inner, key)
        elif value is not None:
            if key.endswith("_at") or key == "status_since":
                assert value.endswith("Z")
            if key.endswith("_seconds"):
                assert isinstance(value, int | float)

    check(json.loads(out), "")


def test_what_failed_says_so_and_keeps_its_data(cidash: Cidash, engine: Any, unreachable: Problem) -> None:
    (repository,) = engine.snapshot.repositories
    pulls = replace(repository.pulls, state=SourceState.FAILING, problem=unreachable)
    engine.snapshot = replace(engine.snapshot, repositories=(replace(repository, pulls=pulls),))
    code, out, err = cidash("status", "-R", "a/b")
    assert code == 0
    assert "tefj-fun/agent_bus · 2s old" in out
    assert err.count("could not be reached") == 1
    assert "What is shown is 2s old." in err


def test_nothing_at_all_is_1(cidash: Cidash, engine: Any, unreachable: Problem) -> None:
    nothing: Part[Any] = Part(state=SourceState.FAILING, problem=unreachable)
    (repository,) = engine.snapshot.repositories
    empty = RepositorySnapshot(repository.id, pulls=nothing, runs=nothing)
    engine.snapshot = replace(engine.snapshot, repositories=(empty,), epic=Part(state=SourceState.OFF))
    code, out, err = cidash("status", "-R", "a/b")
    assert code == 1
    assert "pull requests: unknown" in out
    assert "Nothing is known of it." in err
    code, out, _ = cidash("status", "--json", "-R", "a/b")
    assert code == 1
    document = json.loads(out)
    assert document["repositories"][0]["pulls"]["items"] is None
    assert document["repositories"][0]["pulls"]["problem"]["kind"] == "unreachable"
    assert document["epic"] == {
        "state": "off", "fetched_at": None, "age_seconds": None, "problem": None, "ticket": None, "children": None,
    }  # fmt: skip


def test_strangers_text_is_literal(cidash: Cidash, engine: Any) -> None:
    (repository,) = engine.snapshot.repositories
    assert repository.pulls.data is not None
    nasty = replace(repository.pulls.data[0], branch="[@click=app.quit]x[/]", title="{{7*7}} %s [red]")
    part = replace(repository.pulls, data=(nasty,))
    engine.snapshot = replace(engine.snapshot, repositories=(replace(repository, pulls=part),))
    _, out, _ = cidash("status", "-R", "a/b")
    assert "[@click=app.quit]x[/]" in out
    assert "{{7*7}} %s [red]" in out


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def be(columns: int) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return be


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_lines_fit_a_terminal(cidash: Cidash, engine: Any, terminal: Callable[[int], None], columns: int) -> None:
    terminal(columns)
    _, out, _ = cidash("status", "-R", "a/b")
    assert "\x1b[32m✓ MET\x1b[0m" in out
    import re

    plain = re.sub(r"\x1b\[[0-9]+m", "", out)
    assert "\x1b" not in plain
    assert max(cells(line) for line in plain.splitlines()) <= columns


def test_no_color(
    cidash: Cidash, engine: Any, terminal: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cidash("status", "-R", "a/b")[1]


def test_ascii_glyphs(cidash: Cidash, engine: Any, home: Any) -> None:
    file = home / "c.toml"
    file.write_text('[screen]\nglyphs = "ascii"\n')
    _, out, _ = cidash("status", "-R", "a/b", "--config", str(file))
    assert out.isascii()
    assert "* running" in out


def test_the_words_are_those_of_the_screen() -> None:
    from cidash.tui import look

    for state, word in words.STATES.items():
        assert (word.glyph, word.word) == (look.of_state(state).glyph, look.of_state(state).word)
    for verdict, word in words.VERDICTS.items():
        assert (word.glyph, word.word) == (look.of_verdict(verdict).glyph, look.of_verdict(verdict).word)
    for category, word in words.CATEGORIES.items():
        assert (word.glyph, word.word) == (look.of_category(category).glyph, look.of_category(category).word)
    assert (words.NO_RUNS.glyph, words.NO_RUNS.word) == (look.of_state(None).glyph, look.of_state(None).word)


def test_cells_and_cuts() -> None:
    assert cells("日本👨e\u0301") == 7
    assert cut("日本語", 5) == "日本…"
    assert cut("plain", 5) == "plain"
    assert cut("plain text", 7) == "plain…"


def test_columns_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table([["日本", "x"], ["a", "yy"]], right=(1,))
    assert capsys.readouterr().out == "  日本   x\n  a     yy\n"


def test_targets_table(cidash: Cidash, engine: Any) -> None:
    code, out, _ = cidash("targets", "-R", "a/b")
    head, met, unknown = out.splitlines()
    assert code == 0
    assert head.split() == [
        "verdict",
        "target",
        "before",
        "goal",
        "now",
        "n",
        "95",
        "%",
        "interval",
        "within",
        "reason",
    ]
    assert met.startswith("✓ MET")
    assert "within 2m00s" in met
    assert unknown.startswith("? unknown")


def test_targets_as_markdown_keep_their_cells(cidash: Cidash, engine: Any) -> None:
    _, out, _ = cidash("targets", "--markdown", "-R", "a/b")
    lines = out.splitlines()
    assert lines[2] == (
        "| CI time (cache hit) | 3m30s | ≤ 2m00s | 1m41s | — | 20 | — | MET "
        "| the median of 20 runs is 1m41s, within 2m00s |"
    )
    assert "Branch \\| protection" in lines[3]


def test_targets_exit_status(cidash: Cidash, engine: Any) -> None:
    from cidash.domain.target import Verdict

    met, unknown = engine.snapshot.targets
    missed = replace(met, verdict=Verdict.MISSED)
    for results, code in (((met,), 0), ((met, unknown), 2), ((met, unknown, missed), 1), ((), 2)):
        engine.snapshot = replace(engine.snapshot, targets=results)
        assert cidash("targets", "--exit-status", "-R", "a/b")[0] == code
        assert cidash("targets", "--json", "-R", "a/b")[0] == 0
