"""The grammar of the commands that change something on GitHub."""

import argparse
from typing import Any, Protocol

Group = Any


class Adder(Protocol):
    """Adds a command to the program."""

    def __call__(self, name: str, summary: str, handler: str, /) -> argparse.ArgumentParser:
        """Returns the parser of the new command."""
        ...


def add_writes(command: Adder, commands: Group, everywhere: argparse.ArgumentParser) -> None:
    """Adds cancel, merge, dispatch, approve, and the groups workflow and artifact."""
    cancel = command("cancel", "Cancel a workflow run", "cancel:cancel")
    cancel.add_argument("run", metavar="RUN", help="id or URL of the run")
    cancel.add_argument("--force", action="store_true", help="skip the last steps too, when a cancel hangs")
    add_yes(cancel)

    merge = command("merge", "Merge a pull request at the head commit that it has now", "merge:merge")
    merge.add_argument("pull", metavar="PR", help="number or URL of the pull request")
    merge.add_argument("--method", choices=["merge", "squash", "rebase"], help="how (default: the first allowed)")
    merge.add_argument(
        "--when-green", action="store_true", help="wait until everything is green; never after the head has moved"
    )
    add_yes(merge)

    dispatch = command("dispatch", "Start a run of a workflow by hand", "dispatch:dispatch")
    dispatch.add_argument("workflow", metavar="WORKFLOW", help="name, file name or id of the workflow")
    dispatch.add_argument("--ref", help="branch or tag to run on (default: the default branch)")
    dispatch.add_argument(
        "-f", "--field", action="append", default=[], metavar="NAME=VALUE", help="an input of the workflow"
    )
    add_yes(dispatch)

    approve = command("approve", "Approve a fork's run, or the deployments that a run waits with", "approve:approve")
    approve.add_argument("run", metavar="RUN", help="id or URL of the run")
    approve.add_argument(
        "--environment", action="append", default=[], metavar="E", help="only this environment (default: all)"
    )
    approve.add_argument("--reject", action="store_true", help="reject the deployments instead")
    approve.add_argument("--comment", default="", metavar="TEXT", help="a comment with the answer")
    add_yes(approve)

    _add_workflow(commands, everywhere)
    _add_artifact(commands, everywhere)


def add_cache_delete(acts: Group, everywhere: argparse.ArgumentParser) -> None:
    """Adds `delete` to the group caches."""
    delete = _act(acts, everywhere, "delete", "Delete cache entries by key or id", "cache_delete:delete")
    delete.add_argument("key", metavar="KEY", help="the whole key, or the id of an entry")
    delete.add_argument("--ref", help="only the entry of this ref, such as refs/heads/main")
    add_yes(delete)


def add_yes(command: argparse.ArgumentParser) -> None:
    """Adds the option that answers the question beforehand."""
    command.add_argument("-y", "--yes", action="store_true", help="don't ask; needed where nobody can be asked")


def _add_workflow(commands: Group, everywhere: argparse.ArgumentParser) -> None:
    acts = _group(commands, "workflow", "List, enable or disable workflows")
    listing = _act(acts, everywhere, "list", "List the workflows with their states", "workflow:list_workflows")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    for name, summary in {
        "enable": "Let a workflow start runs again",
        "disable": "Keep a workflow from starting runs",
    }.items():
        act = _act(acts, everywhere, name, summary, f"workflow:{name}")
        act.add_argument("workflow", metavar="NAME", help="name, file name or id of the workflow")
        add_yes(act)


def _add_artifact(commands: Group, everywhere: argparse.ArgumentParser) -> None:
    acts = _group(commands, "artifact", "List or download the artifacts of a run")
    listing = _act(acts, everywhere, "list", "List the artifacts of a run", "artifact:list_artifacts")
    listing.add_argument("run", metavar="RUN", help="id or URL of the run")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    download = _act(acts, everywhere, "download", "Download and unpack artifacts of a run", "artifact:download")
    download.add_argument("run", metavar="RUN", help="id or URL of the run")
    download.add_argument("name", metavar="NAME", nargs="?", help="only this artifact (default: all)")
    download.add_argument(
        "-D", "--dir", default=".", metavar="DIR", help="where the new folders go, one for each artifact (default: .)"
    )


def _group(commands: Group, name: str, summary: str) -> Group:
    group = commands.add_parser(name, help=summary, description=f"{summary}.")
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _act(
    acts: Group, everywhere: argparse.ArgumentParser, name: str, summary: str, handler: str
) -> argparse.ArgumentParser:
    act: argparse.ArgumentParser = acts.add_parser(name, help=summary, description=f"{summary}.", parents=[everywhere])
    act.set_defaults(handler=handler)
    return act
