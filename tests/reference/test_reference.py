"""The second opinion must itself agree with what was computed by hand."""

from fractions import Fraction
from pathlib import Path

import pytest

from .. import reference
from ..cases import AS_OF, Case, differences, make_source, run, site, write_cases
from ..data import CASES
from .reading import Negative, Unparsable, amount, half_away
from .statistics import rounded


class Reference:
    """The second opinion, asked as the cases ask."""

    def __init__(self, source: reference.Source) -> None:
        self.source = source

    def overview(self, site: int) -> dict:
        return reference.overview(self.source, site)

    def history(self, site: int, page: int, page_size: int) -> dict:
        return reference.history(self.source, site, page, page_size)

    def run(self, site: int, run_id: str) -> dict:
        return reference.run(self.source, site, run_id)

    def findings(self, site: int) -> list[tuple]:
        return [
            (found.check_name, found.severity, found.id, found.run_id, found.stage_number)
            for found in reference.data_quality(self.source, site)
        ]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    path = write_cases(tmp_path_factory.mktemp("cases") / "cases.sqlite", CASES)
    return Reference(reference.load(path, AS_OF))


@pytest.mark.parametrize(("site_id", "case"), list(enumerate(CASES, 1)), ids=[case.name for case in CASES])
def test_agrees_with_the_hand(answers: Reference, site_id: int, case: Case) -> None:
    assert differences(answers, site_id, case) == []


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [("2.675", 2, "2.68"), ("-2.675", 2, "-2.68"), ("0.5", 0, "1"), ("-0.5", 0, "-1"), ("2.5", 0, "3"),
     ("2.4999999994", 0, "2"), ("2.4999999995", 0, "3"), ("20.49", 0, "20")],
)  # fmt: skip
def test_rounds_half_away_from_zero_with_nine_decimals(value: str, places: int, expected: str) -> None:
    assert rounded(Fraction(value), places) == Fraction(expected)


def test_numbers_of_any_size() -> None:
    assert amount("9" * 5000 + "e-5000") == 1
    assert amount("0e" + "9" * 5000) == 0
    assert half_away(Fraction(5, 10**7), 6) == Fraction(1, 10**6)
    with pytest.raises(Unparsable):
        amount("1e" + "9" * 5000)
    with pytest.raises(Negative):
        amount("-1e-" + "9" * 5000)


def test_sites_by_id_and_domain(tmp_path: Path) -> None:
    sites = [site(1, "https://www.a.example/"), site(2, "b.example"), site(3, "B.example/"), site(4, "1")]
    source = reference.load(make_source(tmp_path / "s.sqlite", sites), AS_OF)
    for named in (1, "1", "A.EXAMPLE", "http://a.example"):
        assert reference.resolve_site(source, named) == 1
    for unknown in ("b.example", "c.example", 9, ""):
        with pytest.raises(LookupError):
            reference.resolve_site(source, unknown)


def test_a_run_of_another_site_is_not_found(tmp_path: Path) -> None:
    path = make_source(tmp_path / "s.sqlite", [site(1), site(2)], [run(1, "2026-02-01T08:00:00Z")])
    source = reference.load(path, AS_OF)
    with pytest.raises(LookupError):
        reference.run(source, 2, "run_1")
    for page, page_size in ((0, 20), (1, 0), (1, 101)):
        with pytest.raises(ValueError, match="page"):
            reference.history(source, 1, page, page_size)
