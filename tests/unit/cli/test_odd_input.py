"""Wrong commands and files: one sentence that says what, where, and what to do."""

from pathlib import Path

import pytest
from plumbline.cli.exits import Exit

from tests.unit.cli.running import column, csv, report, run

GOOD = "x,y\n" + "1,a\n2,b\n" * 100


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "bad.csv is empty (0 bytes)."),
        (b"x,y\n", "bad.csv has no rows."),
        (b"x,y\n1,2\n3\n", "Line 3 of {path} has 1 field, the header has 2."),
        (b'x,y\n1,"2\n', "has a quote that is not closed"),
        (b"x;y\n1;2\n", "has no column"),
        (b"x,x\n1,2\n", "two columns x"),
        (b"x,y\n1,\xff\n", "line 2 is not UTF-8"),
        (b"PK\x03\x04 a workbook", "it is a zip file or an Excel workbook"),
        (b"PAR1 and nothing", "cannot be read"),
        ("x,y\n1,2\n".encode("utf-16"), "it is UTF-16"),
    ],
)
def test_a_file_that_is_no_table(content: bytes, said: str, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.csv", csv(tmp_path / "good.csv", GOOD)
    bad.write_bytes(content)
    found = run("drift", bad, good, "--column", "y")
    assert found.exit_code == Exit.WRONG
    assert said.format(path=bad) in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.csv"], "missing.csv is not a file"),
        (["{good}", "--column", "z"], "has no column z. Its columns are x, y."),
        (["{good}", "--time", "z"], "has no column z"),
        (["{good}", "--time", "x", "--independent"], "contradict each other"),
        (["{good}", "--level", "0"], "--level"),
        (["{good}", "--format", "xml"], "--format"),
    ],
)
def test_a_command_that_is_wrong(words: list[str], said: str, tmp_path: Path) -> None:
    good = csv(tmp_path / "good.csv", GOOD)
    found = run("drift", good, *(word.format(good=good) for word in words))
    assert found.exit_code == Exit.WRONG
    assert said in found.stderr


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "NA"], "number"),
        (["01", "02", "10"], "category"),
        (["true", "False", ""], "number"),
        (["0", "1", "1"], "number"),
        (["a", "1", "2"], "category"),
    ],
)
def test_types_are_taken_from_the_values(values: list[str], kind: str, tmp_path: Path) -> None:
    text = "n,x\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values * 50))
    path = csv(tmp_path / "t.csv", text)
    assert column(report("drift", path, path), "x")["kind"] == kind


def test_times_are_not_compared(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "t,x\n" + "2024-01-01T00:00:00,1\n" * 100)
    assert [one["why"] for one in report("drift", path, path)["leftOut"]] == [
        "its values are times"
    ]


def test_more_and_longer_columns_than_a_dataset_may_have(tmp_path: Path) -> None:
    names = [f"{n}{'x' * 200}" for n in range(501)]
    line = ",".join("1" for _ in names)
    path = csv(tmp_path / "t.csv", "\n".join([",".join(names), *[line] * 70]) + "\n")
    found = report("drift", path, path, "--column", names[500])
    assert [each["name"] for each in found["columns"]] == [names[500]]
