"""Workflow files: every shape that GitHub takes, and files that were written to hurt."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.analysis.workflow_file.parse import WorkflowFileError, parse_workflow
from cidash.domain.workflow_file import Schedule

CI = """
name: CI
on:
  push:
    branches: ["main"]
  pull_request:
  schedule:
    - cron: '0 6 * * 1'
    - cron: "17 9 * * *"
      timezone: Europe/Berlin
  workflow_dispatch:
    inputs:
      level:
        description: How loud
        type: choice
        required: true
        default: info
        options: [debug, info]
      dry:
        type: boolean
        default: false
permissions: {}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0, persist-credentials: false}
      - run: |
          ruff check src/ || true
          black --check src/
  test:
    name: Tests
    needs: lint
    if: ${{ always() }}
    runs-on: [self-hosted, linux]
    continue-on-error: ${{ matrix.experimental }}
    timeout-minutes: 10
    environment: {name: production, url: "https://example.com"}
    permissions: {contents: read}
    strategy:
      matrix: {python: ["3.11", "3.12"]}
    steps:
      - name: Pytest
        id: pytest
        run: pytest
        continue-on-error: true
  release:
    needs: [lint, test]
    uses: ./.github/workflows/release.yml
"""


def test_a_whole_file() -> None:
    file = parse_workflow(CI)
    assert file.name == "CI"
    assert [trigger.event for trigger in file.triggers] == ["push", "pull_request", "schedule", "workflow_dispatch"]
    push, schedule, dispatch = file.trigger("push"), file.trigger("schedule"), file.trigger("workflow_dispatch")
    assert push is not None
    assert push.branches == ("main",)
    assert schedule is not None
    assert schedule.schedules == (Schedule("0 6 * * 1"), Schedule("17 9 * * *", "Europe/Berlin"))
    assert dispatch is not None
    level, dry = dispatch.inputs
    assert (level.type, level.required, level.default, level.options) == ("choice", True, "info", ("debug", "info"))
    assert (dry.type, dry.required, dry.default) == ("boolean", False, "false")
    assert file.permissions == {}
    assert file.concurrency == "ci-${{ github.ref }}"
    assert file.cancel_in_progress
    lint, test, release = file.jobs
    assert lint.steps[0].arguments == {"fetch-depth": "0", "persist-credentials": "false"}
    assert [step.title for step in lint.steps] == ["Run actions/checkout@v4", "Run ruff check src/ || true"]
    assert lint.permissions is None
    assert test.needs == ("lint",)
    assert test.runs_on == ("self-hosted", "linux")
    assert test.has_matrix
    assert test.continue_on_error
    assert test.environment == "production"
    assert test.timeout_minutes == 10
    assert test.permissions == {"contents": "read"}
    assert test.steps[0].title == "Pytest"
    assert test.steps[0].continue_on_error
    assert release.needs == ("lint", "test")
    assert release.uses == "./.github/workflows/release.yml"


@pytest.mark.parametrize(
    ("on", "events"),
    [("on: push", ["push"]), ("on: [push, pull_request]", ["push", "pull_request"]), ('"on": {push: }', ["push"])],
)
def test_every_way_to_write_on(on: str, events: list[str]) -> None:
    file = parse_workflow(f"{on}\njobs: {{a: {{runs-on: x}}}}")
    assert [trigger.event for trigger in file.triggers] == events


def test_anchors_are_followed() -> None:
    file = parse_workflow("on: push\njobs:\n  a: &a {runs-on: x, steps: [{run: make}]}\n  b: *a\n")
    assert file.jobs[1].steps[0].run == "make"


BOMB = "on: push\n" + "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
BOMB += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))
BOMB += "jobs:\n  a: {runs-on: *a19, needs: *a19, steps: *a19, with: *a19}\n"


def test_a_bomb_costs_no_more_than_its_size() -> None:
    file = parse_workflow(BOMB)
    assert file.jobs[0].steps == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 600_000, "larger than"),
        ("[" * 5000, "nested too deep"),
        ("on: push\njobs:\n" + "".join(f"  j{i}: {{}}\n" for i in range(400)), "more than 300 jobs"),
        ("jobs: {a: {steps: [" + "{run: x}," * 2000 + "]}}", "more than 1000 steps"),
        ("- a\n- b", "not a mapping"),
        ("on: push", "no jobs"),
        ("jobs: [a]", "no jobs"),
        ("a: b: c", "no valid YAML in line 1"),
        ("!!python/object/apply:os.system ['true']", "no valid YAML"),
        ("jobs: {a: {x: 99999-99-99 99:99:99}}\ndate: 2026-13-45", "no valid YAML"),
        ("\x00", "no valid YAML"),
        ("", "not a mapping"),
    ],
)
def test_what_is_no_workflow_says_so(text: str, sentence: str) -> None:
    with pytest.raises(WorkflowFileError, match=sentence):
        parse_workflow(text)


@given(st.one_of(st.text(), st.binary()))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(WorkflowFileError):
        parse_workflow(text)


def test_escape_codes_do_not_pass() -> None:
    assert parse_workflow('name: "\\e[2Jx"\njobs: {a: {}}').name == "x"
