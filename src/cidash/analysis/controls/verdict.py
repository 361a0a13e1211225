"""From evidence to verdict: unknown is never pass or fail, and a pass needs observation wherever there can be one."""

from collections.abc import Sequence

from cidash.domain.control import Control, ControlVerdict, Evidence, EvidenceKind


def decide(
    control_id: str,
    title: str,
    needed: Sequence[Evidence],
    *,
    observable: bool,
    hints: Sequence[Evidence] = (),
    ticket: str | None = None,
) -> Control:
    """Returns the control with its verdict.

    Args:
        control_id: C1 to C11.
        title: what the rule asks for.
        needed: the evidence that decides.
        observable: whether what the rule asks for can be seen to happen; then a pass needs observed evidence.
        hints: evidence that is shown and decides nothing.
        ticket: the ticket that is about it.
    """
    evidence = (*needed, *hints)
    broken = next((one for one in needed if one.holds is False), None)
    if broken is not None:
        return Control(control_id, title, ControlVerdict.FAIL, broken.text, evidence, ticket)
    unread = next((one for one in needed if one.holds is None), None)
    if unread is not None:
        return Control(control_id, title, ControlVerdict.UNKNOWN, unread.text, evidence, ticket)
    if not needed:
        return Control(control_id, title, ControlVerdict.UNKNOWN, "Nothing of it has been read.", evidence, ticket)
    if observable and not any(one.kind is EvidenceKind.OBSERVED for one in needed):
        reason = "It is declared or configured, and has not been seen to happen."
        return Control(control_id, title, ControlVerdict.UNKNOWN, reason, evidence, ticket)
    return Control(control_id, title, ControlVerdict.PASS, needed[-1].text, evidence, ticket)
