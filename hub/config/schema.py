"""The JSON Schemas of a home's files, for editors that check while somebody types."""

from __future__ import annotations

from hub.config.files import FILES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, object]]:
    """The schema of each file of a home, by the name of the file."""
    return {file: {"$schema": _DIALECT, **form.model_json_schema()} for file, form in FILES.items()}
