"""Importing the package loads no training library."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import importlib, pkgutil, sys
import core.training, core.process
for module in pkgutil.iter_modules(core.training.__path__):
    importlib.import_module(f"core.training.{module.name}")
heavy = {"torch", "stable_baselines3", "pandas", "gymnasium", "tensorboard", "pyarrow"} & set(sys.modules)
print(sorted(heavy))
"""


def test_importing_the_package_loads_no_training_library() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
