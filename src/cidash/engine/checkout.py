"""Facts about the files of a local checkout, for controls without network. Bounded: it may be a stranger's folder."""

import os
import subprocess
from pathlib import Path

from cidash.analysis.controls.badges import README
from cidash.analysis.controls.facts import Facts, Unread
from cidash.analysis.controls.release import ROLLBACK_FILES
from cidash.analysis.workflow_file.parse import WorkflowFileError, parse_workflow
from cidash.domain.text import clean
from cidash.domain.workflow_file import WorkflowFile

WORKFLOWS = ".github/workflows"
FILE_LIMIT = 1024 * 1024
TRACKED_LIMIT = 200_000
WORKFLOW_LIMIT = 200
_GIT_SECONDS = 20.0


class CheckoutError(Exception):
    """The folder can't be judged; the sentence says why."""


def read_checkout(folder: Path) -> Facts:
    """Returns what the files of a checkout tell.

    Raises:
        CheckoutError: there is no such folder.
    """
    if not folder.is_dir():
        raise CheckoutError(f"{folder} is not a folder.")
    texts: dict[str, str | Unread] = {}
    for name in dict.fromkeys((README, "pyproject.toml", *ROLLBACK_FILES)):
        text = _text(folder, name)
        if text is not None:
            texts[name] = text
    return Facts(workflows=_workflows(folder), tracked=_tracked(folder), texts=texts)


def _workflows(folder: Path) -> dict[str, WorkflowFile | Unread] | Unread:
    found: dict[str, WorkflowFile | Unread] = {}
    try:
        names = sorted(one.name for one in (folder / WORKFLOWS).iterdir() if one.suffix in {".yml", ".yaml"})
    except FileNotFoundError:
        return found
    except OSError as error:
        return Unread(f"{WORKFLOWS} could not be read ({error.strerror}).")
    for name in names[:WORKFLOW_LIMIT]:
        path = f"{WORKFLOWS}/{clean(name, 200)}"
        text = _text(folder, f"{WORKFLOWS}/{name}")
        if not isinstance(text, str):
            found[path] = text or Unread("it vanished while it was read")
            continue
        try:
            found[path] = parse_workflow(text)
        except WorkflowFileError as error:
            found[path] = Unread(str(error))
    return found


def _text(folder: Path, name: str) -> str | Unread | None:
    """Returns a file's text, None when there is none; links out of the folder are not followed."""
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return Unread("it links out of the folder")
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unread(f"it could not be read ({error.strerror})")
    if len(data) > FILE_LIMIT:
        return Unread("it is larger than 1 MB")
    return data.decode("utf-8", errors="replace")


def _tracked(folder: Path) -> tuple[str, ...] | Unread:
    """Returns what git tracks there; without git or outside a repository that is not known."""
    command = ["git", "-C", os.fspath(folder), "-c", "core.fsmonitor=false", "ls-files", "-z"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return Unread("Which files are tracked is not known: git could not be run.")
    if result.returncode != 0:
        return Unread("Which files are tracked is not known: the folder is no git repository.")
    names = result.stdout.decode("utf-8", errors="replace").split("\0")
    if len(names) > TRACKED_LIMIT:
        return Unread(f"There are more than {TRACKED_LIMIT} tracked files.")
    return tuple(name for name in names if name)
