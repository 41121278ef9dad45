"""The nouns: what users write and read. Pydantic models, conditions, reasons and the generators."""
