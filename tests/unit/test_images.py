"""What the images' builds do to their files."""

import subprocess
import sys
from pathlib import Path

FINISH = Path(__file__).parents[2] / "operator" / "images" / "finish.py"


def test_a_pod_may_read_what_a_careful_builder_has_cloned(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "module.py").write_text("x = 1\n")
    (folder / "script").write_text("")
    (folder / "script").chmod(0o700)
    (folder / "inner" / "module.py").chmod(0o600)
    (folder / "inner").chmod(0o700)
    folder.chmod(0o700)
    subprocess.run([sys.executable, FINISH, folder], check=True, umask=0o077)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))}
    compiled = f"module.cpython-{sys.version_info[0]}{sys.version_info[1]}.pyc"
    assert modes == {
        "package": "0o755",
        "inner": "0o755",
        "__pycache__": "0o755",
        "script": "0o755",
        "module.py": "0o644",
        compiled: "0o644",
    }
