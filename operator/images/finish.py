"""Finish a virtual environment for an image: finish.py VENV PACKAGE.

Moves our package in, removes what an image does not run, and compiles the rest, so that a pod with a
read-only file system starts as fast as one without.
"""

import compileall
import py_compile
import shutil
import sys
from pathlib import Path

NEEDLESS = ("**/tests", "**/include", "**/*.pyi", "**/*.pxd", "pip", "pip-*", "setuptools*")
venv, package = Path(sys.argv[1]), Path(sys.argv[2])
packages = next(venv.glob("lib/python3*/site-packages"))

for pattern in NEEDLESS:
    for path in list(packages.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
shutil.copytree(package, packages / package.name)
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
if not compileall.compile_dir(packages, quiet=1, workers=0, invalidation_mode=mode):
    sys.exit("some modules do not compile")
