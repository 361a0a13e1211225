"""The project KAN as its administrator set it up: people, statuses, issue types, fields and the workflow."""

from dataclasses import dataclass

PROJECT_KEY = "KAN"
PROJECT_ID = "10001"
PROJECT_NAME = "Agent Bus"
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


@dataclass(frozen=True)
class Person:
    """A user of the site. `token` is the API token; nobody logs in as a person without one."""

    account_id: str
    name: str
    email: str
    token: str | None = None
    may_write: bool = True


@dataclass(frozen=True)
class Status:
    """A status with the key of its category: `new`, `indeterminate` or `done`."""

    id: str
    name: str
    category: str


@dataclass(frozen=True)
class Category:
    """A status category as Jira shows it."""

    id: int
    key: str
    name: str
    colour: str


@dataclass(frozen=True)
class Option:
    """A value to choose from: a resolution or a priority."""

    id: str
    name: str


@dataclass(frozen=True)
class IssueType:
    """`level` is Jira's hierarchyLevel: 1 epic, 0 standard, -1 sub-task."""

    id: str
    name: str
    level: int


@dataclass(frozen=True)
class Transition:
    """A move from some statuses to one. `required` are the fields its screen insists on; a comment always fits."""

    id: str
    name: str
    to: str
    starts: tuple[str, ...]
    required: tuple[str, ...] = ()

    @property
    def has_screen(self) -> bool:
        """Whether Jira's own page would show a form."""
        return bool(self.required)


ME = Person("712020:0d3a1f52-demo", "Dana Engineer", "demo@example.com", "demo-jira-token")
READER = Person("712020:77be90c1-demo", "Rita Reader", "demo@example.com", "demo-jira-readonly", may_write=False)
COLLEAGUE = Person("712020:5c11e8aa-demo", "Robin Colleague", "robin@example.com")
PEOPLE = {person.account_id: person for person in (ME, READER, COLLEAGUE)}

TO_DO, IN_PROGRESS, IN_REVIEW, DONE = "10000", "3", "10001", "10002"
STATUSES = {
    status.id: status
    for status in (
        Status(TO_DO, "To Do", "new"),
        Status(IN_PROGRESS, "In Progress", "indeterminate"),
        Status(IN_REVIEW, "In Review", "indeterminate"),
        Status(DONE, "Done", "done"),
    )
}
CATEGORIES = {
    category.key: category
    for category in (
        Category(2, "new", "To Do", "blue-gray"),
        Category(4, "indeterminate", "In Progress", "yellow"),
        Category(3, "done", "Done", "green"),
    )
}
RESOLUTIONS = {
    option.id: option for option in (Option("10000", "Done"), Option("10001", "Won't Do"), Option("10002", "Duplicate"))
}
PRIORITIES = {option.id: option for option in (Option("2", "High"), Option("3", "Medium"), Option("4", "Low"))}

EPIC, STORY, TASK, SUBTASK = "10000", "10004", "10002", "10003"
ISSUE_TYPES = {
    kind.id: kind
    for kind in (
        IssueType(EPIC, "Epic", 1),
        IssueType(TASK, "Task", 0),
        IssueType(STORY, "Story", 0),
        IssueType(SUBTASK, "Sub-task", -1),
    )
}

WORKFLOW = (
    Transition("11", "Back to To Do", TO_DO, (IN_PROGRESS,)),
    Transition("21", "Start progress", IN_PROGRESS, (TO_DO,)),
    Transition("31", "Ready for review", IN_REVIEW, (IN_PROGRESS,)),
    Transition("41", "Done", DONE, (IN_REVIEW,), required=("resolution",)),
    Transition("51", "Send back", IN_PROGRESS, (IN_REVIEW,)),
    Transition("61", "Reopen", IN_PROGRESS, (DONE,)),
)

STORY_POINTS = "customfield_10026"
EPIC_LINK = "customfield_10014"
FIELDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("summary", "Summary", {"type": "string", "system": "summary"}),
    ("description", "Description", {"type": "string", "system": "description"}),
    ("status", "Status", {"type": "status", "system": "status"}),
    ("issuetype", "Issue Type", {"type": "issuetype", "system": "issuetype"}),
    ("project", "Project", {"type": "project", "system": "project"}),
    ("parent", "Parent", {"type": "issuelink", "system": "parent"}),
    ("priority", "Priority", {"type": "priority", "system": "priority"}),
    ("resolution", "Resolution", {"type": "resolution", "system": "resolution"}),
    ("assignee", "Assignee", {"type": "user", "system": "assignee"}),
    ("reporter", "Reporter", {"type": "user", "system": "reporter"}),
    ("labels", "Labels", {"type": "array", "items": "string", "system": "labels"}),
    ("created", "Created", {"type": "datetime", "system": "created"}),
    ("updated", "Updated", {"type": "datetime", "system": "updated"}),
    ("statuscategorychangedate", "Status Category Changed", {"type": "datetime", "system": "statuscategorychangedate"}),
    ("issuelinks", "Linked Issues", {"type": "array", "items": "issuelinks", "system": "issuelinks"}),
    ("timetracking", "Time tracking", {"type": "timetracking", "system": "timetracking"}),
    ("timeoriginalestimate", "Original estimate", {"type": "number", "system": "timeoriginalestimate"}),
    ("timeestimate", "Remaining Estimate", {"type": "number", "system": "timeestimate"}),
    ("timespent", "Time Spent", {"type": "number", "system": "timespent"}),
    (EPIC_LINK, "Epic Link", {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link"}),
    (
        STORY_POINTS,
        "Story Points",
        {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
    ),
    (
        "customfield_10016",
        "Story point estimate",
        {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points"},
    ),
)
EDITABLE = ("summary", "description", "labels", "assignee", "priority", "parent", "timetracking", STORY_POINTS)
"""The fields on the create and edit screens, besides project and issue type."""

LINK_TYPES = (
    ("10000", "Blocks", "is blocked by", "blocks"),
    ("10003", "Relates", "relates to", "relates to"),
    ("10002", "Duplicate", "is duplicated by", "duplicates"),
)


def transitions_from(status_id: str) -> tuple[Transition, ...]:
    """Return the transitions that the workflow offers in a status."""
    return tuple(transition for transition in WORKFLOW if status_id in transition.starts)


def everywhere() -> tuple[Transition, ...]:
    """Return what a simplified workflow offers: a move from every status to every other, and to itself."""
    starts = tuple(STATUSES)
    return tuple(Transition(str(101 + at), one.name, one.id, starts) for at, one in enumerate(STATUSES.values()))
