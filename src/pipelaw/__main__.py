"""`python -m pipelaw`."""

from __future__ import annotations

import sys

from pipelaw.cli import main

sys.exit(main())
