"""An account in a process of its own, which a test can kill: `python stand.py FOLDER` prints settings, and serves until told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from conftest import pipeline_on

if __name__ == "__main__":
    with pipeline_on(Path(sys.argv[1]), fresh=False) as pipeline:
        sys.stdout.write(json.dumps(pipeline.environ) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
