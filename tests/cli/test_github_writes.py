"""The commands that change something on GitHub, against the demo's GitHub over real sockets."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cidash.demo.serve import DemoServers, start

Cidash = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def servers() -> Iterator[DemoServers]:
    with start(pace=0.1) as servers:
        yield servers


@pytest.fixture
def demo(servers: DemoServers, tmp_path: Path, cidash: Cidash) -> Cidash:
    config = tmp_path / "demo.toml"
    config.write_text(servers.config_text)
    return lambda *argv: cidash("--config", str(config), *argv)


def runs(servers: DemoServers, conclusion: str) -> list[int]:
    found = servers.github.world.runs.values()
    return [run.id for run in found if run.attempts[-1].fixed_conclusion == conclusion]


def started(out: str) -> str:
    return out.rpartition("(run ")[2].strip().rstrip(").")


def test_dispatch_checks_the_inputs_before_anything_is_sent(servers: DemoServers, demo: Cidash) -> None:
    before = len(servers.github.world.writes)
    code, _, err = demo("dispatch", "bench.yml", "-y", "-f", "rounds=many", "-f", "reason=x")
    assert (code, "rounds is a number" in err) == (64, True)
    code, _, err = demo("dispatch", "bench.yml", "-y", "-f", "colour=red")
    assert (code, 'There is no input "colour"' in err) == (64, True)
    code, _, err = demo("dispatch", "CI", "-y")
    assert code == 1
    assert "can't be started by hand" in err
    code, _, err = demo("dispatch", "nothing", "-y")
    assert (code, "No workflow has the name" in err) == (64, True)
    assert len(servers.github.world.writes) == before


def test_a_run_is_started_cancelled_and_not_twice(demo: Cidash) -> None:
    code, out, _ = demo("dispatch", "Smoke test", "-y")
    assert (code, out.startswith("Run workflow Smoke test on main …")) == (0, True)
    run = started(out)
    code, out, _ = demo("cancel", run, "-y")
    assert (code, out.rstrip().endswith("is cancelled.")) == (0, True)
    code, _, err = demo("cancel", run, "-y")
    assert (code, "there is nothing to cancel" in err) == (1, True)


def test_a_re_run_when_ready_waits_and_says_for_what(demo: Cidash) -> None:
    _, out, _ = demo("dispatch", "Smoke test", "-y")
    code, out, err = demo("rerun", started(out), "--when-ready", "-y")
    assert code == 0
    assert "armed as long as this runs" in out
    assert out.rstrip().endswith("runs again: attempt 2.")
    assert "waiting: Smoke test: " in err


def test_a_pull_request_is_merged_once(servers: DemoServers, demo: Cidash) -> None:
    url = f"{servers.github_url}/tefj-fun/agent_bus/pull/43"
    code, out, _ = demo("merge", url, "--method", "squash", "--when-green", "-y")
    assert (code, out.rstrip().endswith("#43 is merged into main.")) == (0, True)
    assert demo("merge", "#43", "-y")[:2] == (0, "#43 is merged already.\n")
    bodies = [one.body for one in servers.github.world.writes if one.path.endswith("/merge")]
    assert [body["merge_method"] for body in bodies] == ["squash"]
    assert all(body["sha"] for body in bodies)
    code, _, err = demo("merge", "9999", "-y")
    assert (code, "did not find pull request #9999" in err) == (1, True)
    assert demo("merge", "nonsense", "-y")[0] == 64


def test_approve(servers: DemoServers, demo: Cidash) -> None:
    (held, *_) = runs(servers, "action_required")
    code, _, err = demo("approve", str(held), "--reject", "-y")
    assert (code, "it can only be approved" in err) == (64, True)
    code, out, _ = demo("approve", str(held), "-y")
    assert (code, "may run" in out) == (0, True)
    code, _, err = demo("approve", str(held), "-y")
    assert (code, "waits for no approval" in err) == (1, True)


def test_workflows_are_listed_disabled_and_enabled(demo: Cidash) -> None:
    code, out, _ = demo("workflow", "disable", "bench.yml", "-y")
    assert (code, out.splitlines()[-1]) == (0, "Workflow Benchmark matrix is disabled.")
    assert demo("workflow", "disable", "bench.yml", "-y")[0] == 0
    document = json.loads(demo("workflow", "list", "--json")[1])
    assert document["schema_version"] == 1
    states = {one["name"]: one["state"] for one in document["workflows"]}
    assert states["Benchmark matrix"] == "disabled_manually"
    assert demo("workflow", "enable", "Benchmark matrix", "-y")[0] == 0
    assert "active  Benchmark matrix" in demo("workflow", "list")[1]


def test_artifacts_are_listed_and_downloaded_but_never_over_something(
    servers: DemoServers, demo: Cidash, tmp_path: Path
) -> None:
    _, out, _ = demo("artifact", "list", _smoke(servers), "--json")
    (artifact,) = json.loads(out)["artifacts"]
    folder = tmp_path / "out"
    code, out, _ = demo("artifact", "download", _smoke(servers), "-D", str(folder))
    assert (code, out) == (0, f"{artifact['name']}: {folder / artifact['name']}\n")
    assert [path.name for path in folder.rglob("*.json")] == [f"{artifact['name']}.json"]
    code, _, err = demo("artifact", "download", _smoke(servers), "-D", str(folder))
    assert (code, "nothing is overwritten" in err) == (1, True)
    assert demo("artifact", "download", _smoke(servers), "other")[0] == 64


def test_cache_entries_are_deleted_by_key_each_with_its_outcome(servers: DemoServers, demo: Cidash) -> None:
    entry = servers.github.world.caches[0]
    code, _, err = demo("caches", "delete", entry.key[:-1], "-y")
    assert (code, "has no cache entry" in err) == (1, True)
    code, out, _ = demo("caches", "delete", entry.key, "--ref", entry.ref, "-y")
    assert (code, out.rstrip().endswith("is deleted.")) == (0, True)
    assert entry not in servers.github.world.caches


def _smoke(servers: DemoServers) -> str:
    world = servers.github.world
    now = world.now()
    return next(
        str(run.id)
        for run in world.visible_runs(now)
        if run.workflow.name == "Smoke test" and run.event == "schedule" and run.attempts[-1].finished_at
    )


@pytest.mark.parametrize(
    "command",
    [
        ["rerun", "1"], ["cancel", "1"], ["merge", "43"], ["dispatch", "CI"], ["approve", "1"],
        ["workflow", "enable", "CI"], ["workflow", "disable", "CI"], ["artifact", "download", "1"],
        ["ticket", "move", "KAN-76", "Done"],
    ],
)  # fmt: skip
def test_read_only_refuses_every_write(servers: DemoServers, demo: Cidash, command: list[str]) -> None:
    before = len(servers.github.world.writes)
    yes = [] if command[0] == "artifact" else ["-y"]
    for argv in (["--read-only", *command, *yes], [*command, "--read-only", *yes]):
        code, _, err = demo(*argv)
        assert (code, "Read-only" in err) == (64, True)
    assert len(servers.github.world.writes) == before


def test_without_a_terminal_and_without_yes_nothing_is_sent(servers: DemoServers, demo: Cidash) -> None:
    before = len(servers.github.world.writes)
    for command in (
        ["cancel", "1"],
        ["merge", "43"],
        ["dispatch", "CI"],
        ["approve", "1"],
        ["workflow", "enable", "CI"],
    ):
        code, _, err = demo(*command)
        assert (code, "Say --yes" in err) == (64, True)
    assert len(servers.github.world.writes) == before
