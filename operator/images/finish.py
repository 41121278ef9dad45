"""Finish a folder of Python packages for an image: finish.py FOLDER.

Removes files that an image does not need, and compiles the rest: a pod with a read-only file system
cannot store compiled modules, and would start slower. Makes all files readable for each user,
because the umask of the build may not.
"""

import compileall
import py_compile
import shutil
import sys
from pathlib import Path

NEEDLESS = ("tests", "include", "*.pyi", "*.pxd", "pip", "pip-*", "setuptools*", "__pycache__")
folder = Path(sys.argv[1])

for pattern in NEEDLESS:
    for path in list(folder.rglob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
if not compileall.compile_dir(folder, quiet=1, workers=0, invalidation_mode=unchecked):
    sys.exit(f"some modules in {folder} do not compile")
for path in (folder, *folder.rglob("*")):
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
