"""`python -m tests.mutants` fails when fewer than 90 % of the mutants are killed."""

import argparse
import random
import sys

from tests.mutants import books, score, workspace

WANTED_PERCENT = 90.0
# First short tests for all, then longer ones for what survives them.
SECONDS = (2.0, 15.0)
ONE = "plumbline.plan.registry.*"


def main() -> int:
    """Test the mutants, print the score and write the survivors; 1 if too many survive."""
    options = _options()
    if options.again:
        workspace.lay_tests()
        books.restore_tests()
    else:
        workspace.lay()
    # Makes the mutants and looks which tests call which function.
    workspace.mutmut(ONE, children=options.children)
    if not options.again:
        _choose(options.sample, options.seed)
    _test(options.children)
    mutants = score.tested()
    print(*score.table(mutants), sep="\n")
    path = workspace.WORK / "survivors.txt"
    path.write_text("".join(f"{line}\n" for line in score.survivors(mutants)))
    print(f"The survivors are listed in {path}.")
    return int(score.percent(mutants) < WANTED_PERCENT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--sample", type=int, help="test so many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=10, help="of the sample")
    parser.add_argument("--children", type=int, default=2, help="how many processes test")
    parser.add_argument(
        "--again", action="store_true", help="go on with the last run, with the tests of today"
    )
    return parser.parse_args()


def _choose(sample: int | None, seed: int) -> None:
    """Skip all mutants but so many."""
    names = sorted(books.verdicts())
    chosen = set(names if sample is None else random.Random(seed).sample(names, sample))  # noqa: S311
    books.rewrite(lambda name, _: None if name in chosen else books.SKIPPED)


def _test(children: int) -> None:
    """Test all that have no verdict, and what survives with more tests."""
    for seconds in SECONDS:
        books.rewrite(lambda _, code: None if code == books.SURVIVED else code)
        books.restore_tests()
        books.keep_tests(seconds)
        workspace.mutmut(children=children)


if __name__ == "__main__":
    sys.exit(main())
