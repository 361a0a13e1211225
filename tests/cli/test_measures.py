"""`compare`, `history sync` and `history export` against the demo, in processes of their own."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from cidash.cli.compare import bar
from cidash.cli.export import COLUMNS
from cidash.cli.history import _cell
from cidash.demo.serve import start
from cidash.domain.comparison import Sample

Call = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    home = tmp_path_factory.mktemp("home")
    with start(pace=1.0) as servers:
        config = home / "demo.toml"
        config.write_text(servers.config_text)

        def run(*argv: str) -> "subprocess.CompletedProcess[str]":
            kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "LANG"}}
            return subprocess.run(
                [sys.executable, "-m", "cidash", "--config", str(config), *argv],
                capture_output=True, text=True, check=False, timeout=50, stdin=subprocess.DEVNULL, cwd=home,
                env=kept | {"HOME": str(home), "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
            )  # fmt: skip

        yield run


def test_the_store_is_filled_and_exported(call: Call) -> None:
    assert call("history", "export").stdout == ""
    done = call("history", "sync", "--since", "5d", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["complete"]
    assert told["attempts_kept"] > 10
    lines = call("history", "export", "--since", "5d").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert {row["vcs.repository.name"] for row in rows} == {"tefj-fun/agent_bus"}
    assert {"success", "failure"} <= {row["cicd.pipeline.result"] for row in rows}
    table = list(csv.DictReader(io.StringIO(call("history", "export", "--format", "csv", "--since", "5d").stdout)))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == len(rows)
    only = call("history", "export", "--workflow", "CI").stdout.splitlines()
    assert {json.loads(line)["cicd.pipeline.name"] for line in only} == {"CI"}


def test_a_branch_against_main(call: Call) -> None:
    done = call("compare", "main", "#43", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["schema_version"], found["measure"], found["verdict"]) == (1, "run-duration", "better")
    assert set(found["base"]) >= {"n", "median_seconds", "interval_seconds"}
    assert found["ratio_interval"][0] < found["ratio"] < found["ratio_interval"][1] < 1
    assert found["shift_interval_seconds"][1] < 0
    assert found["head"]["label"] == "kan-77-build-cache"
    assert found["jobs"][0]["job"] == "test"
    card = call("compare", "main", "kan-77-build-cache")
    assert "BETTER" in card.stdout
    assert found["sentence"].partition(":")[0] in card.stdout


def test_other_questions(call: Call) -> None:
    by_cache = json.loads(call("compare", "miss", "hit", "--by", "cache", "--workflow", "CI", "--json").stdout)
    assert by_cache["by"] == "cache"
    nothing = call("compare", "main", "no-such-branch")
    assert nothing.returncode == 1
    assert "can't be compared" in nothing.stdout
    wrong = call("compare", "main", "zzz", "--by", "commit")
    assert wrong.returncode == 64
    assert wrong.stderr.startswith("cidash: Head of a comparison by commit")
    step = json.loads(
        call("compare", "main", "43", "--job", "test", "--step", "Build + start services", "--json").stdout
    )
    assert step["measure"] == "step-duration"
    assert call("history", "sync", "--since", "soon").returncode == 64
    unknown = call("history", "sync", "--since", "1d", "--workflow", "nothing")
    assert unknown.returncode == 1
    assert "has no workflow nothing" in unknown.stderr


def test_the_bar() -> None:
    assert bar(Sample((), None, None), 100) == ""
    assert bar(Sample((50.0,), 50.0, None), 100, 11) == "     ┃"
    assert bar(Sample((1.0,), 50.0, (20.0, 100.0)), 100, 11) == "  ├──┃────┤"


def test_a_spreadsheet_gets_no_formula() -> None:
    assert [_cell(one) for one in ("=1+1", "-x", "@x", "a=b", 7, None)] == ["'=1+1", "'-x", "'@x", "a=b", 7, ""]
