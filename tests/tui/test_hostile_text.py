"""Strangers' text is shown as it is: never markup, never a command."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cidash.tui
from cidash.domain.command import Action, ActionState, Command
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.snapshot import Part, Snapshot, SourceState
from cidash.domain.text import clean

PAYLOADS = [
    "[@click=app.quit]x[/]",
    "drop [/foo] support",
    "[KAN-12] fix",
    "[deps] bump",
    "x [/]",
    "[link=https://evil.example]l[/link]",
    "[bold red]loud",
    "back\\slash \\[x]",
    "$primary {name} %s",
    clean("\x1b[2J\x1b]52;c;aGk=\x07wiped"),
    "日本語のとても長い題名" * 8,
    "👨‍👩‍👧 emoji",
]


def poisoned(stage: Any, text: str) -> Snapshot:
    snapshot: Snapshot = stage.engine.snapshot
    repository: Any = snapshot.repositories[0]
    runs = tuple(
        replace(run, workflow_name=text, branch=run.branch if run.branch == "main" else text, title=text, actor=text)
        for run in repository.runs.data
    )
    pulls = tuple(replace(pull, title=text, branch=text, author=text) for pull in repository.pulls.data)
    jobs = {
        key: replace(
            part,
            data=tuple(
                replace(job, name=text, steps=tuple(replace(step, name=text) for step in job.steps))
                for job in part.data
            ),
        )
        for key, part in repository.jobs.items()
    }
    epic: Any = snapshot.epic.data
    children = tuple(
        replace(
            child, summary=text, assignee=text, status=replace(child.status, name=text),
            links=tuple(replace(link, phrase=text, summary=text) for link in child.links),
        )
        for child in epic.children
    )  # fmt: skip
    targets = tuple(
        replace(result, target=replace(result.target, title=text, baseline_text=text, limit_text=text))
        for result in snapshot.targets
    )
    problem = Problem(ProblemKind.SERVER_ERROR, text)
    repository = replace(
        repository,
        runs=Part(runs, repository.runs.fetched_at, SourceState.FAILING, problem),
        pulls=replace(repository.pulls, data=pulls),
        jobs=jobs,
    )
    return replace(
        snapshot,
        repositories=(repository,),
        epic=replace(snapshot.epic, data=replace(epic, children=children)),
        targets=targets,
    )


@pytest.mark.parametrize("text", PAYLOADS)
async def test_every_widget_shows_it_literally(new_stage: Any, text: str) -> None:
    stage = new_stage()
    stage = new_stage(poisoned(stage, text))

    async def refused(command: Command) -> Action:
        problem = Problem(ProblemKind.REFUSED, text, fields=(("resolution", text), ("customfield_1", text)))
        return Action(1, command, ActionState.REFUSED, stage.clock.now(), text, stage.clock.now(), problem)

    stage.engine.answer = refused
    offered = stage.engine.offered
    stage.engine.offered = tuple(
        replace(
            one,
            name=text,
            to=replace(one.to, name=text),
            fields=tuple(
                replace(field, name=text, options=tuple(replace(o, name=text) for o in field.options))
                for field in one.fields
            ),
        )
        for one in offered
    )
    async with stage.app.run_test(size=(200, 60), notifications=True) as pilot:
        await pilot.pause()
        assert text[:20] in stage.text()
        await pilot.press("j", "j", "R")
        await pilot.press("enter")
        assert stage.app.screen.query("#box")
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("o", "y", "question_mark", "escape")
        await pilot.press("t")
        await pilot.pause()
        await pilot.press("G", "enter")
        await pilot.pause()
        await pilot.press("enter", *"why", "enter")
        await pilot.pause()
        assert text[:20] in stage.text()
        await pilot.press("escape")
        for line in range(1, 40, 3):
            await pilot.click(offset=(8, line))
            await pilot.click(offset=(110, line))
        await pilot.press("escape", "slash", "[", "/", "]", "enter", "escape")
        for size in ((80, 24), (40, 10)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert stage.app.is_running
        assert stage.engine.performed


SOURCE = Path(cidash.tui.__file__).parent
_MARKUP = {"from_markup", "to_content", "MarkupError"}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                yield path, node, name


def test_nothing_reads_markup() -> None:
    assert [f"{path.name}:{node.lineno}" for path, node, name in calls() if name in _MARKUP] == []


def test_no_plain_text_reaches_a_parameter_that_reads_markup() -> None:
    """Static and Label get Content, or say markup=False; notify always says markup=False; update gets Content."""
    wrong = []
    for path, node, name in calls():
        says_no = any(
            keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            for keyword in node.keywords
        )
        if name in {"Static", "Label", "notify"} and not says_no:
            wrong.append(f"{path.name}:{node.lineno} {name}")
        if name in {"update", "put"} and node.args and isinstance(node.args[0], ast.JoinedStr | ast.Constant):
            wrong.append(f"{path.name}:{node.lineno} {name}")
        if any(keyword.arg in {"tooltip", "border_title", "border_subtitle"} for keyword in node.keywords):
            wrong.append(f"{path.name}:{node.lineno} {name}")
    assert wrong == []


def test_colours_are_theme_tokens() -> None:
    import re

    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.tcss")]:
        if path.name != "themes.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"#[0-9a-fA-F]{6}\b", text), path
