"""Who changed a ticket: its changelog as it comes over the wire."""

from cidash.jira.wire import Moment, UserWire, _Wire


class ChangeWire(_Wire):
    """One changed field of a history entry."""

    field: str | None = None
    to: str | None = None


class HistoryWire(_Wire):
    """One entry of a changelog."""

    created: Moment
    author: UserWire | None = None
    items: list[ChangeWire]


class ChangelogWire(_Wire):
    """`changelog`: newest first on Cloud, oldest first on Data Center."""

    histories: list[HistoryWire]


class TicketHistoryWire(_Wire):
    """A ticket read with `expand=changelog`."""

    changelog: ChangelogWire

    def mover_to(self, status_id: str) -> str | None:
        """Returns who last moved the ticket, if that move led to the status with this id."""
        moves = [
            (history.created, change.to, history.author)
            for history in self.changelog.histories
            for change in history.items
            if change.field == "status"
        ]
        if not moves:
            return None
        _, to, author = max(moves, key=lambda move: move[0])
        return author.noun() if author and to == status_id else None
