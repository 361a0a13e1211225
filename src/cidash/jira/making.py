"""Reads for making things: create screens, users, comments, links; and finding tickets that search doesn't know yet."""

from cidash.domain.epic import LinkKind, Person, Ticket, TicketComment, TicketType
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.jira import making_questions, questions
from cidash.jira.client import JiraClient
from cidash.jira.keys import checked_key

_PROBE = 50
_PROBE_DATA_CENTER = 5
_PROBES = 20
_KIND_DETAILS = 10


class Making:
    """What has to be known before something is made, and what tells afterwards whether it was."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client

    async def types(self, project: str) -> tuple[TicketType, ...]:
        """Returns the types of ticket that this user may create in the project, epics left out.

        Raises:
            SourceError: anything that a server or the network can do wrong.
        """
        found = await self._client.ask(making_questions.create_types(_project(project)))
        return tuple(one for one in found if one.hierarchy_level < 1)[:_KIND_DETAILS]

    async def with_fields(self, project: str, kind: TicketType) -> TicketType:
        """Returns the type with the fields of its create screen.

        Raises:
            SourceError: as for `types`.
        """
        if not kind.id.isdigit():
            raise SourceError(Problem(ProblemKind.BAD_ANSWER, "Jira named a type of ticket by something else than id."))
        fields = await self._client.ask(making_questions.create_fields(_project(project), kind.id))
        return TicketType(kind.id, kind.name, kind.subtask, kind.hierarchy_level, fields)

    async def blocks(self) -> tuple[LinkKind, bool] | None:
        """Returns the type of link that says "blocks", and whether the blocker is its inward issue; None without one.

        Told by the texts of its directions, for names can be configured: from the blocked ticket it reads "is blocked
        by". In Jira's API the text seen from the *inward* issue is `outward`.

        Raises:
            SourceError: as for `types`.
        """
        kinds = await self._client.ask(making_questions.link_kinds())
        for kind in kinds:
            inward, outward = kind.inward.casefold(), kind.outward.casefold()
            if "blocked by" in inward or (outward == "blocks"):
                return kind, True
            if "blocked by" in outward:
                return kind, False
        named = next((kind for kind in kinds if kind.name.strip().casefold() == "blocks"), None)
        return None if named is None else (named, True)

    async def people(self, text: str) -> tuple[Person, ...]:
        """Returns users whose name or address holds the text.

        Raises:
            SourceError: as for `types`.
        """
        question = making_questions.people(text.strip()[:100], data_center=self._client.is_data_center)
        return await self._client.ask(question)

    async def comments(self, key: str) -> tuple[TicketComment, ...]:
        """Returns the ticket's newest comments.

        Raises:
            SourceError: as for `types`.
        """
        return await self._client.ask(making_questions.comments(checked_key(key)))

    async def page_links(self, key: str) -> tuple[tuple[str, str, str], ...]:
        """Returns the ticket's links to web pages: (global id, URL, title).

        Raises:
            SourceError: as for `types`.
        """
        return await self._client.ask(making_questions.page_links(checked_key(key)))

    async def family(self, epic_key: str) -> tuple[Ticket, ...]:
        """Returns the epic's children as they are now, those too that the lagging search does not list yet.

        The search gives the keys; each ticket is then read itself. Tickets made in the last minutes have the numbers
        behind the highest one that the search knows, so those numbers are read as well.

        Raises:
            SourceError: as for `types`.
        """
        epic_key = checked_key(epic_key)
        epic = await self._client.epic(epic_key)
        listed = await self._client.tickets([child.key for child in epic.children])
        newest = await self._newest_number(epic_key, [child.key for child in epic.children])
        unlisted = await self._behind(epic_key.rpartition("-")[0], newest)
        by_key = {one.key: one for one in (*listed, *unlisted) if one.parent_key == epic_key}
        return tuple(by_key.values())

    async def _newest_number(self, epic_key: str, known: list[str]) -> int:
        """Returns the highest ticket number that the search knows in the project."""
        project = epic_key.rpartition("-")[0]
        jql, wanted = f"project = {project} ORDER BY created DESC", ("summary", "status", "issuetype")
        if self._client.is_data_center:
            page = await self._client.ask(making_questions.offset_page(jql, epic_key, wanted, 0))
            found = [one.key for one in page.issues]
        else:
            answer = await self._client.ask(questions.search_page(jql, f"the newest of {project}", (), None, wanted))
            found = [one.key for one in answer.issues]
        return max(int(key.rpartition("-")[2]) for key in (*found, *known, epic_key) if _is_of(key, project))

    async def _behind(self, project: str, newest: int) -> list[Ticket]:
        size = _PROBE_DATA_CENTER if self._client.is_data_center else _PROBE
        found: list[Ticket] = []
        for at in range(_PROBES):
            first = newest + 1 + at * size
            there = await self._client.tickets([f"{project}-{number}" for number in range(first, first + size)])
            found += there
            if not there:
                break
        return found


def _is_of(key: str, project: str) -> bool:
    return key.rpartition("-")[0] == project and key.rpartition("-")[2].isdigit()


def _project(project: str) -> str:
    return checked_key(f"{project}-1").rpartition("-")[0]
