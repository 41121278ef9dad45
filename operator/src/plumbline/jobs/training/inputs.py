"""What an estimator is given, as data: one input for each feature, in the words of model.json."""

from plumbline.contract.model_json import Input, Number


class NotCompilable(Exception):
    """The model holds something that the serving engines do not have."""


def numbers(columns: list[Input], name: str) -> list[Number]:
    """Return the columns if they are numbers still, or say what cannot follow an encoder."""
    found = [column for column in columns if isinstance(column, Number)]
    if len(found) != len(columns):
        raise NotCompilable(f"{name} after an encoder has no compiled form")
    return found
