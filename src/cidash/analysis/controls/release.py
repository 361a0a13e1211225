"""C6 a version tag makes a release and an image; C11 rolling back is written down."""

import re

from cidash.analysis.controls.facts import Facts, Unread
from cidash.analysis.controls.scripts import action_steps, commands
from cidash.domain.control import ControlSettings, Evidence, EvidenceKind
from cidash.domain.workflow_file import WorkflowFile

_DECLARED = EvidenceKind.DECLARED
_RELEASE_ACTIONS = ("softprops/action-gh-release", "actions/create-release", "ncipollo/release-action")
_ROLLBACK = re.compile(r"^#+ .*\broll(?:ing)?[ -]?back\b", re.IGNORECASE | re.MULTILINE)
ROLLBACK_FILES = ("docs/RELEASING.md", "RELEASING.md", "docs/RUNBOOK.md", "CONTRIBUTING.md", "README.md")


def release_chain(facts: Facts, settings: ControlSettings) -> tuple[Evidence, ...]:
    """Returns whether a workflow for version tags creates a release and pushes an image."""
    for path, file in facts.readable().items():
        push = file.trigger("push")
        if push is None or settings.release_tag not in push.tags:
            continue
        return (
            Evidence(_DECLARED, True, f"{path} runs for tags {settings.release_tag}.", path),
            _says(path, _creates_release(file), "creates a GitHub Release", "creates no GitHub Release"),
            _says(path, _pushes_image(file), "pushes an image", "pushes no image"),
        )
    unread = facts.unread_workflows()
    text = unread[0] if unread else f"No workflow runs for tags {settings.release_tag}."
    return (Evidence(_DECLARED, None if unread else False, text, ".github/workflows"),)


def rollback_written(facts: Facts) -> tuple[Evidence, ...]:
    """Returns whether a document has a part about rolling back."""
    unread = ""
    for path in ROLLBACK_FILES:
        text = facts.text(path)
        if isinstance(text, Unread):
            unread = unread or f"{path}: {text.reason}"
        elif text is not None and _ROLLBACK.search(text):
            return (Evidence(_DECLARED, True, f"{path} says how to roll back.", path),)
    text = unread or "No document says how to roll back."
    return (Evidence(_DECLARED, None if unread else False, text, ROLLBACK_FILES[0]),)


def _says(path: str, holds: bool, yes: str, no: str) -> Evidence:
    return Evidence(_DECLARED, holds, f"{path} {yes if holds else no}.", path)


def _creates_release(file: WorkflowFile) -> bool:
    if any(True for action in _RELEASE_ACTIONS for _ in action_steps(file, action)):
        return True
    return any("gh release create" in command for job in file.jobs for step in job.steps for command in commands(step))


def _pushes_image(file: WorkflowFile) -> bool:
    if any(step.arguments.get("push") == "true" for _, step in action_steps(file, "docker/build-push-action")):
        return True
    return any("docker push" in command for job in file.jobs for step in job.steps for command in commands(step))
