"""A pytest plugin: modules that the suites import by the name that another version of snowflake-ml-python gives them.

Nothing of a client is changed; a name that this version has is left alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

_MOVED = {"snowflake.ml.utils.connection_params": "snowflake.ml._internal.utils.connection_params"}

for _old, _new in _MOVED.items():
    if importlib.util.find_spec(_old) is None:
        _module = importlib.import_module(_new)
        sys.modules[_old] = _module
        _parent, _, _name = _old.rpartition(".")
        setattr(importlib.import_module(_parent), _name, _module)
