"""The API: what users write and read, as Pydantic models, conditions and reasons."""
