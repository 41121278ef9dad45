"""The inputs of an estimator as data: one for each feature, in the form of model.json."""

from plumbline.contract.model_json import Input, Number


class NotCompilable(Exception):
    """The model has a part that the model server cannot run; the message says which."""


def numbers(columns: list[Input], name: str) -> list[Number]:
    """Return the columns if all are still numbers: `name` cannot be compiled after an encoder."""
    found = [column for column in columns if isinstance(column, Number)]
    if len(found) != len(columns):
        raise NotCompilable(f"{name} after an encoder has no compiled form")
    return found
