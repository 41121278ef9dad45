"""The inputs of an estimator as data: one for each feature, in the form of model.json."""

from plumbline.contract.model_json import Input, NumberInput


class NotCompilable(Exception):
    """The model server cannot run the model; the message says why and what to do.

    It has no full stop; "it" is the model server.
    """


def numbers(columns: list[Input], name: str) -> list[NumberInput]:
    """Return the columns if all are still numbers: `name` cannot be compiled after an encoder."""
    found = [column for column in columns if isinstance(column, NumberInput)]
    if len(found) != len(columns):
        raise NotCompilable(
            f"{name} follows an encoder. Apply it only to columns without an encoder"
        )
    return found
