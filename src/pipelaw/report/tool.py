"""How pipelaw names itself in reports."""

from __future__ import annotations

NAME = "pipelaw"

VERSION = "0.1.0"
"""The one place of it: the package takes its version from this line."""

HOME = "https://github.com/pipelaw/pipelaw"
