"""Runs a module on the terminal while `-X importtime`, which writes to descriptor 2, goes to a file.

`python -X importtime -m benchmarks.importlog FILE MODULE ARGUMENTS…`
"""

from __future__ import annotations

import os
import runpy
import sys

if __name__ == "__main__":
    terminal = os.dup(2)
    os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND), 2)
    sys.__stderr__ = sys.stderr = open(terminal, "w")  # type: ignore[misc]  # noqa: SIM115
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
