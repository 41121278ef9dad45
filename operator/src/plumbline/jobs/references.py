"""temp."""


def reference(frame, schema, question):
    return None
