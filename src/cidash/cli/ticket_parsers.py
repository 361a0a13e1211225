"""The grammar of the commands on the epic and its tickets."""

import argparse

from cidash.cli.write_parsers import Adder, Group, add_yes


def add_tickets(command: Adder, commands: Group, everywhere: argparse.ArgumentParser) -> None:
    """Adds epic and the group ticket."""
    epic = command("epic", "Print the epic: each ticket with its pull request, checks and next step", "epic:epic")
    epic.add_argument("key", metavar="KEY", nargs="?", help="another epic than the configured one")
    epic.add_argument("--guide", metavar="FILE", help="list the tickets of this guide that Jira does not have, too")
    epic.add_argument("--json", action="store_true", help="one JSON object")

    ticket = commands.add_parser("ticket", help="Act on a Jira ticket", description="Act on a Jira ticket.")
    acts = ticket.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def act(name: str, summary: str, handler: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = acts.add_parser(
            name, help=summary, description=f"{summary}.", parents=[everywhere]
        )
        one.set_defaults(handler=handler)
        one.add_argument("--json", action="store_true", help="one JSON object with what became of it")
        add_yes(one)
        return one

    move = act("move", "Move a ticket to another status", "ticket:move")
    move.add_argument("key", metavar="KEY", help="the ticket, such as KAN-76")
    move.add_argument("status", metavar="STATUS", help="name of the status or of the transition, in any case")
    move.add_argument(
        "--field", action="append", default=[], metavar="NAME=VALUE", help="a field that the transition asks for"
    )
    move.add_argument("--comment", metavar="TEXT", help="a comment to add with the move")

    new = act("new", "Create a ticket in the epic, or the missing tickets of a guide", "ticket_new:new")
    new.add_argument("summary", metavar="SUMMARY", nargs="?", help="one line; left out with --from-guide")
    new.add_argument("--from-guide", metavar="FILE", help="create the tickets of this guide that the epic lacks")
    new.add_argument("--dry-run", action="store_true", help="only print what would be created")
    new.add_argument("--type", metavar="NAME", help="type of ticket (default: what most of the epic's tickets are)")
    new.add_argument("--description", metavar="TEXT", help="plain text or wiki markup; - reads standard input")
    new.add_argument("--label", action="append", default=[], metavar="WORD", help="a label; may be repeated")
    new.add_argument("--estimate", metavar="TIME", help="such as 45m, 2h or 1d (8 hours)")
    new.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="a field of the create screen")

    comment = act("comment", "Comment on a ticket", "ticket_talk:comment")
    comment.add_argument("key", metavar="KEY", help="the ticket, such as KAN-76")
    comment.add_argument("text", metavar="TEXT", help="plain text or wiki markup; - reads standard input")

    link = act("link", "Link a ticket to one that it blocks, or to a web page", "ticket_talk:link")
    link.add_argument("key", metavar="KEY", help="the ticket, such as KAN-76")
    to = link.add_mutually_exclusive_group(required=True)
    to.add_argument("--blocks", metavar="KEY", help="the ticket that has to wait for it")
    to.add_argument("--blocked-by", metavar="KEY", help="the ticket that it has to wait for")
    to.add_argument("--pull", metavar="PR", help="a pull request: number or URL")
    to.add_argument("--run", metavar="RUN", help="a workflow run: id or URL")
    to.add_argument("--url", metavar="URL", help="any web page")
    link.add_argument("--title", metavar="TEXT", help="what the link is called")
