"""The keys of the Watch view that change something on GitHub, and the marks that some of them take."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cidash.domain.acting import Artifact
from cidash.domain.ci import PullRequest, Run, Workflow
from cidash.domain.command import ActionState, Rerun, RerunScope
from cidash.domain.format import size_text
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DispatchWorkflow,
    MergeMethod,
    MergePull,
    ReviewDeployment,
    SetWorkflow,
    merge_of,
    run_at,
)
from cidash.tui.watch.asking import Asking, listed
from cidash.tui.watch.items import ItemKey

if TYPE_CHECKING:
    from cidash.tui.dialogs.choice import Menu


class Writes(Asking):
    """Mixed into the Watch screen. Every command is made when its key is pressed, from what was on screen then."""

    def __init__(self) -> None:
        super().__init__()
        self._marked: set[ItemKey] = set()
        self._cancelled: set[tuple[int, int]] = set()

    # -- marks --------------------------------------------------------------------------------------------------

    @property
    def marked(self) -> frozenset[ItemKey]:
        """The rows that are marked and still there."""
        return frozenset(self._marked.intersection(item.key for item in self.moment.items))

    def action_mark(self) -> None:
        """Marks the row under the cursor, or takes its mark away."""
        item = self.moment.item
        if item is None or self._may_not_write():
            return
        self._marked ^= {item.key}
        self.draw()

    def drop_marks(self) -> bool:
        """Takes all marks away; returns whether there were any."""
        had = bool(self.marked)
        self._marked.clear()
        if had:
            self.draw()
        return had

    def _marked_runs(self) -> list[Run]:
        found = {run.id: run for item in self.moment.items if item.key in self._marked for run in item.runs}
        return list(found.values())

    # -- re-run and cancel --------------------------------------------------------------------------------------

    def action_rerun(self) -> None:
        """Opens the re-run menu of the selected run, or asks about the marked ones."""
        if self._may_not_write():
            return
        run = self.moment.run
        armed = self._armed_for(lambda one: isinstance(one, Rerun) and run is not None and one.run_id == run.id)
        if self.marked:
            self._rerun_marked()
        elif armed is not None:
            self._ask_to_disarm(armed)
        else:
            super().action_rerun()

    def _rerun_marked(self) -> None:
        runs = [run for run in self._marked_runs() if not run.state.is_active]
        failed = [run for run in runs if run.state.is_red]

        async def load() -> "Menu[tuple[Rerun, ...]]":
            from cidash.tui.dialogs.choice import Choice, Menu

            kinds = ((failed, RerunScope.FAILED, "failed jobs"), (runs, RerunScope.ALL, "all jobs"))
            choices = [
                Choice(
                    f"{words} of {_count(which)}",
                    tuple(_rerun(run, scope) for run in which) or None,
                    "" if which else "there is none that can be",
                    listed([run_at(run).name for run in which]),
                )
                for which, scope, words in kinds
            ]
            return Menu(choices)

        self._choose(
            f"Re-run what is marked ({len(self.marked)})", load, "Nothing can be re-run now.", self._confirm_all
        )

    def action_cancel(self) -> None:
        """Asks whether the selected run, or the marked ones, shall be cancelled."""
        if self._may_not_write():
            return
        if self.marked:
            runs = [run for run in self._marked_runs() if run.state.is_active]
            if not runs:
                self.app.say("None of the marked runs is going on.")
            else:
                self._confirm_all(tuple(CancelRun(run_at(run)) for run in runs))
            return
        run = self.moment.run
        if run is None:
            self.app.say("No run is selected.")
        elif not run.state.is_active:
            self.app.say(f"{run_at(run).name} has ended: there is nothing to cancel.")
        elif self._was_cancelled(run):
            self._cancel_again(run)
        else:
            self._confirm(CancelRun(run_at(run)), lambda: self._cancelled.add(run.key))

    def _was_cancelled(self, run: Run) -> bool:
        """Whether a cancel was sent for this attempt, which goes on all the same."""
        return run.key in self._cancelled or any(
            isinstance(one.command, CancelRun)
            and (one.command.run.id, one.command.run.attempt) == run.key
            and one.state is not ActionState.REFUSED
            for one in self.moment.snapshot.actions
        )

    def _cancel_again(self, run: Run) -> None:
        async def load() -> "Menu[CancelRun]":
            from cidash.tui.dialogs.choice import Choice, Menu

            both = [CancelRun(run_at(run), force=True), CancelRun(run_at(run))]
            labels = ("force-cancel: its last steps do not run", "cancel once more")
            return Menu(
                [Choice(label, one, "", f"{one.sentence}.") for label, one in zip(labels, both, strict=True)],
                "It was asked to cancel and goes on.",
            )

        self._choose(f"Cancel {run_at(run).name}", load, "", self._confirm)

    # -- merge --------------------------------------------------------------------------------------------------

    def action_merge(self) -> None:
        """Opens the ways of merging the selected pull request, now or when green; disarms what is armed."""
        if self._may_not_write():
            return
        item = self.moment.item
        pull = item.pull if item is not None else None
        if pull is None:
            self.app.say("No pull request is selected.")
            return
        armed = self._armed_for(
            lambda one: isinstance(one, MergePull) and (one.repository, one.number) == (pull.repository, pull.number)
        )
        if armed is not None:
            self._ask_to_disarm(armed)
            return

        def chosen(choice: tuple[MergePull, bool]) -> None:
            command, green = choice
            if green:
                self._confirm_armed(command)
            else:
                self._confirm(command)

        heading = f"Merge #{pull.number} {pull.title}, {pull.branch} at {pull.short_sha}"
        self._choose(heading, lambda: self._ways_of_merging(pull), "It can't be merged now.", chosen)

    async def _ways_of_merging(self, pull: PullRequest) -> "Menu[tuple[MergePull, bool]]":
        """Returns the menu; the commands are pinned to the head that was on screen."""
        from cidash.tui.dialogs.choice import Choice, Menu

        now = await self.app.engine.github.pull(pull.repository, pull.number)
        settings = await self.app.engine.github.merge_settings(pull.repository)
        never = ""
        if now.head_sha != pull.head_sha:
            never = f"the head has moved to {now.short_sha}: look at it first"
        elif now.state != "open":
            never = "it is merged" if now.merged else f"it is {now.state}"
        choices: list[Choice[tuple[MergePull, bool]]] = []
        for green in (False, True):
            when = "when green" if green else "now"
            draft = "it is a draft" if now.draft and not green else ""
            for method in settings.methods if settings.methods is not None else tuple(MergeMethod):
                command = merge_of(pull, method)
                sentence = f"{command.sentence}{' when green' if green else ''}."
                choices.append(Choice(f"{method} {when}", (command, green), never or draft, sentence))
        notes = []
        if settings.auto_merge:
            notes.append("GitHub's own auto-merge is allowed here and goes on without cidash: o opens the page.")
        if settings.methods is None:
            notes.append("Which methods are allowed is not told to this token.")
        word = now.mergeable_state
        notes.append(f"GitHub says: {word}." if word else "GitHub does not say yet whether it can be merged.")
        return Menu(choices, " ".join(notes))

    # -- approve ------------------------------------------------------------------------------------------------

    def action_approve(self) -> None:
        """Lets a fork's run in, or opens the deployments that the selected run waits with."""
        if self._may_not_write():
            return
        run = self.moment.run
        if run is None:
            self.app.say("No run is selected.")
            return
        at = run_at(run)
        if run.conclusion == "action_required":
            self._confirm(ApproveRun(at))
            return

        async def load() -> "Menu[ReviewDeployment]":
            from cidash.tui.dialogs.choice import Choice, Menu

            pending = await self.app.engine.github.pending_deployments(run.repository, run.id)
            choices: list[Choice[ReviewDeployment]] = []
            for approve in (True, False):
                for one in pending:
                    command = ReviewDeployment(at, (one.environment,), approve)
                    never = "" if one.may_approve else f"only {', '.join(one.reviewers) or 'others'} may answer"
                    label = f"{'approve' if approve else 'reject'} {one.environment.name}"
                    choices.append(Choice(label, command, never, f"{command.sentence}."))
            return Menu(choices)

        self._choose(f"Approve for {at.name}", load, "The run waits for no approval.", self._confirm)

    # -- workflows ----------------------------------------------------------------------------------------------

    def action_dispatch(self) -> None:
        """Opens the workflows that can be started by hand."""
        repository = self._repository_here()
        if repository is None or self._may_not_write():
            return

        def chosen(workflow: Workflow) -> None:
            from cidash.tui.dialogs.dispatch import DispatchDialog

            here = self.moment.snapshot.repository(repository)
            ref = (here.default_branch if here is not None else None) or "main"

            def filled_in(command: DispatchWorkflow | None) -> None:
                if command is not None:
                    self._confirm(command)

            self.app.push_screen(DispatchDialog(repository, workflow, ref), filled_in)

        async def load() -> "Menu[Workflow]":
            from cidash.tui.dialogs.choice import Choice, Menu

            found = await self.app.engine.github.workflows(repository)
            return Menu(
                [
                    Choice(one.name, one, "" if one.state == "active" else one.state.replace("_", " "), one.path)
                    for one in found
                    if not one.path.startswith("dynamic/")
                ]
            )

        self._choose(f"Run a workflow of {repository.full_name}", load, "There is no workflow.", chosen)

    def action_workflows(self) -> None:
        """Opens the workflows, to enable or disable one."""
        repository = self._repository_here()
        if repository is None or self._may_not_write():
            return

        async def load() -> "Menu[SetWorkflow]":
            from cidash.tui.dialogs.choice import Choice, Menu

            found = await self.app.engine.github.workflows(repository)
            commands = [SetWorkflow(repository, one.id, one.name, one.state != "active") for one in found]
            return Menu(
                [
                    Choice(f"{one.name}  {one.state.replace('_', ' ')}", command, "", f"{command.sentence}.")
                    for one, command in zip(found, commands, strict=True)
                ]
            )

        self._choose(f"Workflows of {repository.full_name}", load, "There is no workflow.", self._confirm)

    # -- artifacts ----------------------------------------------------------------------------------------------

    def action_artifacts(self) -> None:
        """Opens the artifacts of the selected run."""
        if self._may_not_write():
            return
        run = self.moment.run
        if run is None:
            self.app.say("No run is selected.")
            return

        async def load() -> "Menu[Artifact]":
            from cidash.tui.dialogs.choice import Choice, Menu

            found = await self.app.engine.github.artifacts(run.repository, run.id)
            return Menu(
                [
                    Choice(f"{one.name}  {size_text(one.size_bytes)}", one, "expired" if one.expired else "")
                    for one in found
                ]
            )

        def chosen(artifact: Artifact) -> None:
            from cidash.tui.dialogs.download import DownloadDialog

            self.app.push_screen(DownloadDialog(run.repository, artifact, Path.cwd()))

        self._choose(f"Artifacts of {run_at(run).name}", load, "The run has no artifacts.", chosen)


def _rerun(run: Run, scope: RerunScope) -> Rerun:
    return Rerun(run.repository, run.id, run.attempt, run.workflow_name, run.branch or run.event, run.short_sha, scope)


def _count(runs: Sequence[Run]) -> str:
    return "1 run" if len(runs) == 1 else f"{len(runs)} runs"
