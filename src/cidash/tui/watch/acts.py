"""What the keys of the Watch view do, apart from moving around: look further, and ask for writes."""

import os
from typing import TYPE_CHECKING

from textual.widget import Widget

from cidash.domain.armed import ArmedCommand
from cidash.domain.ci import Job, Run
from cidash.domain.command import Command, Rerun, RerunScope
from cidash.domain.state import State
from cidash.tui import browser, keys
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane

if TYPE_CHECKING:
    from textual.widgets import Input

    from cidash.tui.app import CidashApp
    from cidash.tui.watch.epic_pane import EpicPane
    from cidash.tui.watch.moment import Moment
    from cidash.tui.watch.run_pane import RunPane


class Acts(Widget):
    """Mixed into the Watch screen, which holds panes and selection."""

    app: "CidashApp"
    epic: "EpicPane"
    run_pane: "RunPane"

    @property
    def pane(self) -> Pane:
        """The pane that has the focus."""
        raise NotImplementedError

    @property
    def moment(self) -> "Moment":
        """What is drawn now."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draws the screen anew."""
        raise NotImplementedError

    # -- looking ------------------------------------------------------------------------------------------------

    def action_refresh(self) -> None:
        """Asks the servers now."""
        self.app.engine.kick()

    def action_tell_end(self) -> None:
        """Tells when the selected run ends, or no longer: by bell and, where the terminal can, by a desktop notice."""
        run = self.moment.run
        if run is None or not (run.state.is_active or (run.repository, run.id) in self.app.bells.wanted):
            self.app.say("Only a run that goes on can tell when it ends.")
            return
        on = self.app.bells.toggle(run)
        self.app.say(f"{run.workflow_name} {'tells' if on else 'no longer tells'} when it ends.")
        self.draw()

    def action_next_failure(self) -> None:
        """Goes to the next failure in the list."""
        self._to_failure(backwards=False)

    def action_previous_failure(self) -> None:
        """Goes to the failure before in the list."""
        self._to_failure(backwards=True)

    def _to_failure(self, *, backwards: bool) -> None:
        if not self.pane.list.next_failure(backwards=backwards):
            self.app.say("Nothing here has failed.")

    def action_filter(self) -> None:
        """Opens the line that filters the list."""
        if self.query("#filter"):
            return
        from textual.widgets import Input

        line = Input(self.pane.list.filter_text, placeholder="filter", id="filter", select_on_focus=False)
        self._filtered = self.pane
        self.mount(line, before="#footer")
        line.focus()

    def on_input_changed(self, event: "Input.Changed") -> None:
        """Filters while the user types."""
        self._filtered.list.filter_by(event.value)
        self._filtered.rebuild()

    def on_input_submitted(self) -> None:
        """Keeps the filter and goes back to the list."""
        self.close_filter(clear=False)

    def close_filter(self, *, clear: bool) -> bool:
        """Removes the filter line if it is open; returns whether it was."""
        lines = self.query("#filter")
        if not lines:
            return False
        if clear:
            self._filtered.list.filter_by("")
        self._filtered.list.focus()
        lines.remove()
        self.call_after_refresh(self.draw)
        return True

    def action_browser(self) -> None:
        """Opens the row's page; where no browser can be seen it copies the address instead."""
        url = self._url()
        if not browser.is_openable(url):
            self.app.say("This row has no web page.")
            return
        assert url is not None
        call = browser.command_for(url, os.environ)
        if call is not None and browser.start(call):
            self.app.say(f"Opened {url}")
        else:
            self.app.copy_to_clipboard(url)
            self.app.say(f"No browser can be seen from here. Copied instead: {url}")

    def action_log(self) -> None:
        """Opens the log of the job under the cursor, else of the run's failed job, else of its last one."""
        run, jobs = self.moment.run, self.run_pane.jobs
        job = self.run_pane.cursor_job if self.pane is self.run_pane else None
        by_use = sorted(jobs, key=lambda one: (one.state.is_red, one.state is not State.SKIPPED))
        job = job or (by_use[-1] if by_use else None)
        if run is None or job is None:
            self.app.say("There is no job to show the log of.")
            return
        from cidash.tui.log.screen import LogScreen

        self.app.push_screen(LogScreen(run, job))

    def action_copy(self) -> None:
        """Copies the row's address, and shows it, for a terminal may not pass it on."""
        url = self._url()
        if not browser.is_openable(url):
            self.app.say("This row has no web page.")
            return
        assert url is not None
        self.app.copy_to_clipboard(url)
        self.app.say(f"Copied: {url}")

    def _url(self) -> str | None:
        row = self.pane.list.cursor_row
        if row is not None and row.url:
            return row.url
        run = self.moment.run
        return run.url if run is not None and self.pane is self.run_pane else None

    # -- writes -------------------------------------------------------------------------------------------------

    def action_rerun(self) -> None:
        """Opens the re-run menu for the selected run, as it is at this moment."""
        if self._may_not_write():
            return
        moment = self.moment
        run = moment.run
        if run is None:
            self.app.say("No run is selected.")
            return
        from cidash.tui.dialogs.rerun import RerunDialog

        job = self.run_pane.cursor_job
        jobs = self.run_pane.jobs
        waits = run.state.is_active and run.attempt == moment.newest_attempt

        def chosen(command: Rerun | None) -> None:
            if command is not None and waits:
                self._confirm_armed(command)
            elif command is not None:
                self._confirm(command)

        dialog = RerunDialog(run, rerun_choices(run, jobs, job, moment.newest_attempt), when_ready=waits)
        self.app.push_screen(dialog, chosen)

    def _confirm(self, command: Command) -> None:
        raise NotImplementedError

    def _confirm_armed(self, command: ArmedCommand) -> None:
        raise NotImplementedError

    def action_transition(self) -> None:
        """Opens the transitions of the selected ticket, or of the selected pull request's."""
        if self._may_not_write():
            return
        epic = self.moment.snapshot.epic.data
        ticket = self.epic.ticket if self.pane is self.epic else None
        item = self.moment.item
        if ticket is None and epic is not None and item is not None and item.pull is not None:
            from cidash.analysis.links import tickets_of_pull

            wanted = tickets_of_pull(item.pull, self.moment.projects)
            children = {child.key: child for child in epic.children}
            ticket = next((children[key] for key in wanted if key in children), None)
        if ticket is None:
            self.app.say("No ticket is selected. Tab goes to the epic.")
            return
        from cidash.tui.dialogs.transition import TransitionDialog

        self.app.push_screen(TransitionDialog(ticket))

    def _may_not_write(self) -> bool:
        if self.app.read_only:
            self.app.say("This is a read-only session: nothing can be changed from here.")
        return self.app.read_only

    # -- footer -------------------------------------------------------------------------------------------------

    def footer_keys(self, pane: Pane, row: Row | None) -> tuple[str, ...]:
        """Returns the ids of the keys that make sense in this pane, the most useful first, at most six."""
        wanted = {
            "pulls": ("list.open", "watch.rerun", "watch.transition", "watch.browser", "watch.filter"),
            "run": ("watch.log", "watch.rerun", "watch.next_failure", "watch.browser", "watch.next_run", "watch.back"),
            "epic": ("watch.transition", "list.open", "watch.browser", "watch.filter", "watch.back"),
            "targets": ("watch.next_pane", "watch.next_failure", "watch.filter", "watch.back"),
        }[pane.id or "pulls"]
        item = self.moment.item
        several = item is not None and len(item.runs) > 1
        shown = [one for one in wanted if one != "watch.next_run" or several]
        run = self.moment.run
        if run is not None and run.state.is_active:
            shown = ["watch.cancel" if one == "watch.rerun" else one for one in shown]
        if self.app.read_only:
            shown = [one for one in shown if one not in keys.WRITES]
        if row is None:
            shown = [one for one in shown if one in {"watch.back", "watch.next_pane", "watch.filter"}]
        return (*shown[:5], "app.help")


def rerun_choices(
    run: Run, jobs: tuple[Job, ...], job: Job | None, newest_attempt: int
) -> tuple[tuple[str, Rerun | None, str], ...]:
    """Returns the menu: label, the command captured now, and the reason why it can't be asked for, if so."""

    def command(scope: RerunScope, of: Job | None = None) -> Rerun:
        return Rerun(
            repository=run.repository,
            run_id=run.id,
            attempt=newest_attempt,
            workflow_name=run.workflow_name,
            branch=run.branch or run.event,
            short_sha=run.short_sha,
            scope=scope,
            job_id=of.id if of is not None else None,
            job_name=of.name if of is not None else None,
        )

    never = ""
    if run.attempt != newest_attempt:
        never = f"attempt {run.attempt} is shown, but only the newest one, {newest_attempt}, can be re-run"
    failed = sum(1 for one in jobs if one.state.is_red)
    no_failure = "" if failed or run.state.is_active or (not jobs and run.state.is_red) else "no job has failed"
    if run.state is State.STARTUP_FAILURE:
        no_failure = "no job was started"
    count = f"failed jobs ({failed})" if failed else "failed jobs"
    return (
        (count, command(RerunScope.FAILED), never or no_failure),
        (
            f"this job: {job.name}" if job is not None else "this job",
            command(RerunScope.JOB, job) if job is not None else None,
            never or ("" if job is not None else "put the cursor on a job first"),
        ),
        ("all jobs", command(RerunScope.ALL), never),
    )
