"""`cidash caches` against the demo's GitHub, and its grammar."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cidash.cli.main import main
from cidash.demo.serve import start

CORPUS = Path(__file__).parents[1] / "analysis" / "cachelog" / "corpus"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    servers = start("review", 0.02)
    path = tmp_path_factory.mktemp("caches") / "demo.toml"
    names = '\n[caches]\nquota_gb = 2\nnames = { "*actions/cache@*" = "docker layers" }\n'
    path.write_text(servers.config_text + names, encoding="utf-8")
    yield path
    servers.stop()


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: str) -> tuple[int, str, str]:
        code = main(["--config", str(config), "caches", *argv])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_the_ledger_as_json_and_as_text(run: Run) -> None:
    code, out, err = run("--json")
    assert (code, err) == (0, "")
    document: dict[str, Any] = json.loads(out)
    assert document["schema_version"] == 1
    (repository,) = document["repositories"]
    cache = next(one for one in repository["caches"] if one["cache"] == "docker layers")
    assert [one["arm"] for one in cache["arms"]] == ["none", "miss", "partial", "hit"]
    assert cache["hits"] + cache["partials"] + cache["misses"] > 0
    assert repository["storage"]["quota_bytes"] == 2 * 1024**3
    code, out, err = run("ledger")
    assert code == 0
    assert "docker layers" in out
    assert "miss + save" in out


def test_the_entries(run: Run) -> None:
    code, out, _ = run("entries", "--json")
    assert code == 0
    (repository,) = json.loads(out)["repositories"]
    sizes = [one["size_bytes"] for one in repository["groups"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == repository["storage"]["size_bytes"]
    assert repository["storage"]["pull_only_bytes"] > 0
    code, out, _ = run("entries")
    assert code == 0
    assert "for pull requests only" in out


def test_scan_asks_nobody_and_takes_names(run: Run) -> None:
    code, out, _ = run("scan", "--json", str(CORPUS / "cache-v4-hit.log"))
    assert code == 0
    (file,) = json.loads(out)["files"]
    assert [(one["cache"], one["state"]) for one in file["caches"]] == [("docker layers", "hit")]


@pytest.mark.parametrize("argv", [("scan",), ("nothing",), ("entries", "--nonsense")])
def test_usage_errors(run: Run, argv: tuple[str, ...]) -> None:
    assert run(*argv)[0] == 64
