"""Finish a folder of Python packages for an image: finish.py FOLDER.

Removes what an image does not run and compiles the rest, so that a pod with a read-only file system
starts as fast as one without. Whoever the pod runs as may read it all, whatever the umask was.
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
