"""The schemas that platforms publish for their files, as check-jsonschema brings them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema.validators import validator_for

_FOLDER = files("check_jsonschema.builtin_schemas.vendor")


def validate(schema: str, value: Any) -> None:
    """Raise unless a value is what the named schema says."""
    known = json.loads(_FOLDER.joinpath(f"{schema}.json").read_text("utf-8"))
    validator_for(known)(known).validate(value)
