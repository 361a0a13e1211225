"""Controls by files: what the guide asks for, what the guide itself got wrong, and what can't be read."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.controls.badges import badges_in
from cidash.analysis.controls.facts import Facts, Unread
from cidash.analysis.controls.judge import files_exit_status, judge_files
from cidash.analysis.controls.scripts import runs_tool
from cidash.analysis.controls.verdict import decide
from cidash.analysis.workflow_file.parse import parse_workflow
from cidash.domain.control import ControlSettings, ControlVerdict, Evidence, EvidenceKind

CI = """
name: CI
on: [push, pull_request]
jobs:
  lint:
    runs-on: x
    steps:
      - run: ruff check src/ tests/
      - run: black --check src/ tests/
  test:
    runs-on: x
    steps:
      - uses: actions/cache@v4
        with: {path: /tmp/x, key: "a-${{ hashFiles('Dockerfile') }}"}
      - run: pytest
"""
SECURITY = """
name: Security
on:
  pull_request:
  schedule: [{cron: "0 6 * * 1"}]
jobs:
  bandit: {runs-on: x, steps: [{run: "bandit -r src -f json || true\\nbandit -r src -ll"}]}
  deps: {runs-on: x, steps: [{run: pip-audit --strict -r requirements.txt}]}
  trivy: {runs-on: x, steps: [{uses: aquasecurity/trivy-action@abc, with: {exit-code: "1"}}]}
"""
RELEASE = """
on: {push: {tags: ["v*.*.*"]}}
jobs:
  release:
    runs-on: x
    steps:
      - {uses: docker/build-push-action@v5, with: {push: true}}
      - run: gh release create "$TAG" --generate-notes
"""
NIGHTLY = 'on: {schedule: [{cron: "17 9 * * *"}]}\njobs: {smoke: {runs-on: x, steps: [{run: make}]}}'
README = "[![CI](https://github.com/o/r/actions/workflows/ci.yml/badge.svg?branch=main)](x)"
GOOD = {"ci.yml": CI, "security.yml": SECURITY, "release.yml": RELEASE, "nightly.yml": NIGHTLY}


def facts(
    workflows: dict[str, str] | None = None,
    tracked: tuple[str, ...] | Unread = ("src/a.py", "tests/b.py", "README.md"),
    texts: dict[str, str | Unread] | None = None,
) -> Facts:
    files = {f".github/workflows/{name}": parse_workflow(text) for name, text in (workflows or GOOD).items()}
    return Facts(files, tracked, texts or {"README.md": README, "docs/RELEASING.md": "# R\n## Rolling back\n"})


def holds(found: Facts, control_id: str) -> list[bool | None]:
    control = next(one for one in judge_files(found, ControlSettings()) if one.id == control_id)
    return [one.holds for one in control.evidence]


def verdicts(found: Facts) -> dict[str, ControlVerdict]:
    return {one.id: one.verdict for one in judge_files(found, ControlSettings())}


def test_a_good_repository_declares_everything_and_proves_nothing_by_files() -> None:
    judged = judge_files(facts(), ControlSettings())
    assert files_exit_status(judged) == 0
    assert {one.verdict for one in judged} == {ControlVerdict.UNKNOWN}
    assert [one.id for one in judged] == [
        "C1", "C2", "C3", "C4", "C5a", "C5b", "C5c", "C5d", "C5e", "C5f", "C6", "C7", "C8", "C9", "C10", "C11",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("control", "workflows"),
    [
        ("C1", {"ci.yml": CI.replace("  lint:", "  format:")}),
        ("C1", {"ci.yml": CI.replace("  test:\n", "  test:\n    needs: lint\n")}),
        ("C1", {"ci.yml": CI.replace("[push, pull_request]", "push")}),
        ("C3", {"ci.yml": CI.replace("hashFiles('Dockerfile')", "github.sha")}),
        ("C3", {"n.yml": NIGHTLY}),
        ("C6", {"ci.yml": CI}),
        ("C6", {"r.yml": RELEASE.replace("push: true", "push: false")}),
        ("C7", {"ci.yml": CI}),
        ("C7", {"s.yml": SECURITY.replace("\\nbandit -r src -ll", "")}),
        ("C7", {"s.yml": SECURITY.replace("0 6 * * 1", "0 7 * * 1")}),
        ("C7", {"s.yml": SECURITY.replace("  pull_request:", "  pull_request: {paths: [src/**]}")}),
        ("C7", {"s.yml": SECURITY.replace(', with: {exit-code: "1"}', "")}),
        ("C8", {"n.yml": NIGHTLY.replace("17 9", "0 2")}),
        ("C8", {"n.yml": NIGHTLY.replace('"17 9 * * *"', '"17 9 * * *", timezone: Asia/Tokyo')}),
        ("C9", {"other.yml": CI}),
        ("C10", {"ci.yml": CI.replace("black --check src/ tests/", "black --check src/ || true")}),
        ("C10", {"ci.yml": CI.replace("ruff check src/ tests/", "ruff check src/")}),
        ("C10", {"ci.yml": CI.replace("ruff check src/ tests/", "ruff check src/ tests/ || exit 0")}),
    ],
)
def test_what_is_plainly_wrong_fails(control: str, workflows: dict[str, str]) -> None:
    found = facts(workflows)
    assert verdicts(found)[control] is ControlVerdict.FAIL
    assert files_exit_status(judge_files(found, ControlSettings())) == 1


def test_the_last_command_decides_not_the_masked_one_before_it() -> None:
    assert holds(facts(), "C7") == [True, True, True]


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("bandit -r src", True),
        (".venv/bin/bandit -r src", True),
        ("python3 -m bandit -r src", True),
        ("uv run bandit -r src", True),
        ("PYTHONPATH=src bandit -r src", True),
        ("pip install bandit && bandit -r src", True),
        ("cat list | bandit -", True),
        ("pip install bandit[toml]", False),
        ("pip install bandit", False),
        ("echo bandit -r src", False),
        ("bandit-report upload", False),
    ],
)
def test_which_commands_run_a_tool(command: str, runs: bool) -> None:
    assert runs_tool(command, "bandit") is runs


def test_zero_badges_is_not_all_green() -> None:
    assert verdicts(facts(texts={"README.md": "# no badge"}))["C9"] is ControlVerdict.FAIL


def test_badges_in_both_forms() -> None:
    old = "[![S](https://github.com/o/r/workflows/My%20CI/badge.svg?event=push)]"
    by_file, by_name = badges_in(README + old)
    assert (by_file.file, by_file.branch) == ("ci.yml", "main")
    assert (by_name.name, by_name.event) == ("My CI", "push")


def test_an_unreadable_workflow_hides_and_does_not_condemn() -> None:
    hidden = Facts({".github/workflows/x.yml": Unread("no valid YAML")}, Unread("no git"), {"README.md": Unread("no")})
    judged = judge_files(hidden, ControlSettings())
    assert {one.verdict for one in judged if one.id != "C11"} == {ControlVerdict.UNKNOWN}
    assert verdicts(hidden)["C11"] is ControlVerdict.UNKNOWN
    assert files_exit_status(judged) == 2


evidence = st.builds(
    Evidence,
    kind=st.sampled_from(EvidenceKind),
    holds=st.sampled_from([True, False, None]),
    text=st.just("t"),
    source=st.just("s"),
)


@given(st.lists(evidence, max_size=6), st.booleans())
def test_no_combination_of_unreadable_answers_passes(found: list[Evidence], observable: bool) -> None:
    control = decide("C1", "t", found, observable=observable)
    values = [one.holds for one in found]
    if control.verdict is ControlVerdict.PASS:
        assert values
        assert all(values)
        assert not observable or any(one.kind is EvidenceKind.OBSERVED for one in found)
    if control.verdict is ControlVerdict.FAIL:
        assert False in values
    if None in values or not values:
        assert control.verdict is not ControlVerdict.PASS


@given(st.sets(st.sampled_from(["workflows", "tracked", "texts"])))
def test_whatever_can_not_be_read_never_passes(unread: Iterable[str]) -> None:
    whole = facts()
    part = Facts(
        Unread("no right") if "workflows" in unread else whole.workflows,
        Unread("no right") if "tracked" in unread else whole.tracked,
        {name: Unread("no right") for name in whole.texts} if "texts" in unread else whole.texts,
    )
    assert ControlVerdict.PASS not in verdicts(part).values()
