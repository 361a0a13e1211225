"""What may be typed for a workflow's inputs, checked as GitHub checks it. Pure."""

from collections.abc import Mapping, Sequence

from cidash.domain.workflow_file import DispatchInput

MOST_INPUTS = 25


class InputError(ValueError):
    """An input can't be sent; the text is a whole sentence, `name` the input's name."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def checked_inputs(inputs: Sequence[DispatchInput], given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Returns what is to be sent: the given values in the file's order; what is left out has its default.

    Raises:
        InputError: an input is unknown, missing, or not of its type.
    """
    known = {one.name for one in inputs}
    for name in given:
        if name not in known:
            raise InputError(
                name, f'There is no input "{name[:100]}". There are: {", ".join(sorted(known)) or "none"}.'
            )
    values = []
    for one in inputs:
        value = given.get(one.name)
        if value is None or (value == "" and one.default is None):
            if one.required and one.default is None:
                raise InputError(one.name, f"{one.name} is required.")
            continue
        values.append((one.name, checked_value(one, value)))
    if len(values) > MOST_INPUTS:
        raise InputError(values[MOST_INPUTS][0], f"GitHub takes {MOST_INPUTS} inputs at most.")
    return tuple(values)


def checked_value(one: DispatchInput, value: str) -> str:
    """Returns the value as it is sent.

    Raises:
        InputError: it is not of the input's type.
    """
    if one.required and not value:
        raise InputError(one.name, f"{one.name} is required.")
    if one.type == "choice" and value not in one.options:
        raise InputError(one.name, f'{one.name}: "{value[:100]}" is not one of {", ".join(one.options)}.')
    if one.type == "boolean":
        if value.lower() not in {"true", "false"}:
            raise InputError(one.name, f'{one.name} is true or false, not "{value[:100]}".')
        return value.lower()
    if one.type == "number":
        try:
            float(value)
        except ValueError:
            raise InputError(one.name, f'{one.name} is a number, not "{value[:100]}".') from None
    return value
