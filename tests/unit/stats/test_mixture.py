"""The far tail of a weighted chi-square, beside what scipy integrates."""

import math

import pytest
from plumbline.stats.mixture import log_survival, weights
from scipy import integrate, stats

FAR = (0.1, 0.5, 1.0, 2.0, 6.0, 20.0)


def integrated(x: float, df: int, share: float) -> float:
    """Return the logarithm of the tail of the two-weight sum, by convolution."""
    top, rest = weights(df, share)

    def both(root: float) -> float:
        left = (x - top * root**2) / rest
        return float(2 * stats.norm.pdf(root) * stats.chi2.sf(left, df - 1))

    edge = math.sqrt(x / top)
    inside, _ = integrate.quad(both, 0, edge, epsabs=0, epsrel=1e-9, limit=400)
    return math.log(inside + math.erfc(edge / math.sqrt(2)))


@pytest.mark.parametrize("df", [1, 2, 9, 40])
@pytest.mark.parametrize("times", FAR)
def test_the_tail_of_independent_rows_is_that_of_chi_square(df: int, times: float) -> None:
    expected = stats.chi2.logsf(times * df, df)
    assert log_survival(times * df, df) == pytest.approx(expected, rel=0.01, abs=0.1)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
@pytest.mark.parametrize("df", [2, 9, 12])
@pytest.mark.parametrize("times", FAR)
def test_the_tail_of_like_rows_is_that_of_their_largest_weight(
    df: int, share: float, times: float
) -> None:
    expected = integrated(times * df, df, max(share, 1 / df + 0.01))
    found = log_survival(times * df, df, max(share, 1 / df + 0.01))
    assert found == pytest.approx(expected, rel=0.01, abs=0.1)


def test_a_single_weight_is_a_single_square() -> None:
    assert log_survival(9 * 30.0, 9, 1 / 9) == pytest.approx(stats.chi2.logsf(30, 1), rel=0.02)


def test_the_tail_falls_all_the_way() -> None:
    tail = [log_survival(x / 2, 9, 0.3) for x in range(8_000)]
    assert tail == sorted(tail, reverse=True)
    assert log_survival(math.inf, 9, 0.3) == -math.inf


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="df=0"):
        log_survival(1.0, 0)
    with pytest.raises(ValueError, match="x=nan"):
        log_survival(math.nan, 3)
