"""`igny8 brief`: at most six sentences in plain words, every number in them among their values, from the views."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.cli import cli
from igny8_analysis.etl.demo import AS_OF as DEMO_AS_OF
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.load import load
from igny8_analysis.reports.formats import WIDEST_RANGE
from tests.cases import AS_OF, items, make_source, run, site
from tests.lakes import computed

DAY = timedelta(days=1)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"-?\d[\d,]*")
JARGON = re.compile(
    r"champion|wape|flow\b|mean_of|same_as|rhythm|recent_rate|backtest|interval|quantile|budget|forecast_|_",
    re.IGNORECASE,
)


def everybody(warehouse: Warehouse) -> Iterator[tuple[str, dict[str, Any]]]:
    for site_id, label in warehouse.sql("select site_id, label from sites order by site_id").fetchall():
        yield label, warehouse.brief(site_id)
    for account_id, name in warehouse.sql("select account_id, account_name from accounts").fetchall():
        yield name, warehouse.brief(account=account_id)


def test_every_number_in_a_text_is_among_its_values(demo: Warehouse) -> None:
    for name, payload in everybody(demo):
        assert 1 <= len(payload["sentences"]) <= 6
        for sentence in payload["sentences"]:
            assert set(sentence) == {"text", "panel", "query", "values"}
            values = sentence["values"]
            text = sentence["text"].replace(name, "").replace(str(values.get("name", "")), "")
            dates = DATE.findall(text)
            assert set(dates) <= {value for value in values.values() if isinstance(value, str)}, text
            numbers = {int(number.replace(",", "").rstrip()) for number in NUMBER.findall(DATE.sub("", text))}
            assert numbers <= {value for value in values.values() if isinstance(value, int)}, (text, values)
            assert not any(isinstance(value, bool | float) for value in values.values())


def test_the_values_are_those_of_the_query(demo: Warehouse) -> None:
    for _, payload in everybody(demo):
        for sentence in payload["sentences"]:
            rows = demo.sql(sentence["query"]).fetchall()
            found = {str(value) for row in rows for value in row}
            found |= {str(int(value)) for row in rows for value in row if hasattr(value, "to_integral_value")}
            for name, value in sentence["values"].items():
                assert name == "name" or str(value) in found, (name, value, found)


def test_what_is_kept_of_a_sentence_is_the_rows_of_its_query(demo: Warehouse) -> None:
    """Row by row, and all of them: a sentence is told of what anybody who asks its query sees."""
    kept = demo.sql("select coalesce(site_id, account_id), scope, brief, outlook from briefs").fetchall()
    assert {(owner_id, scope) for owner_id, scope, *_ in kept} == {
        *demo.sql(
            "select site_id, 'site' from sites union all select account_id, 'account' from accounts"
        ).fetchall()
    }
    for owner_id, scope, *texts in kept:
        rows: dict[str, list[Any]] = {}
        for name, row in (told for text in texts for told in json.loads(text)):
            rows.setdefault(name, []).append(row)
        for sentence in demo.brief(**{scope: owner_id})["sentences"]:
            found = demo.sql(f"select to_json(t) from ({sentence['query']}) as t").fetchall()
            name = re.findall(r"brief_(\w+)", sentence["query"])[0]
            assert [json.loads(row) for (row,) in found] == rows[name]


def test_a_range_too_wide_is_so_everywhere(demo: Warehouse) -> None:
    assert demo.sql("select widest_range from parameters").fetchall() == [(WIDEST_RANGE,)]


def test_it_speaks_to_a_customer(demo: Warehouse) -> None:
    for name, payload in everybody(demo):
        for sentence in payload["sentences"]:
            text = sentence["text"].replace(name or "", "")
            assert text.endswith(".")
            assert not re.search(r"\b1 (articles|images|runs|credits|days)\b|None|nan", text), text
            if sentence["panel"] != "run_statistics":
                assert not JARGON.search(text), text


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Site 1 wrote ten articles a day at 10 credits, since ten days at 15; site 2 is its account's other one."""
    folder = tmp_path_factory.mktemp("brief")
    runs = [
        run(
            100 + n, AS_OF - timedelta(hours=1) - (60 - n) * DAY, 30,
            stages={4: (10, 10, 100 if n < 51 else 150)}, site_id=1,
        )
        for n in range(61)
    ]  # fmt: skip
    sites = [site(1, "one.example"), site(2, "quiet.example"), site(3, "alone.example", tenant_id=2)]
    source = make_source(folder / "s.sqlite", sites, runs, items("tasks", "queued", 10, site_id=1))
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    with igny8_analysis.connect(folder / "data") as warehouse:
        yield warehouse


def test_what_was_made_and_why_it_cost_more(known: Warehouse) -> None:
    made, why, *_ = (sentence["text"] for sentence in known.brief(1)["sentences"])
    # 30 runs: 20 of 100 credits and 10 of 150, against 30 of 100; the run 30 days and an hour ago is in the part before
    assert made == "In the last 30 days one.example made 300 articles in 30 runs, for 3,500 credits."
    since = f"{AS_OF - timedelta(hours=1) - 9 * DAY:%Y-%m-%d}"
    assert why == (
        "That is 500 credits (17 %) more than in the 30 days before: "
        f"500 more because Content Writing costs more per item since {since}."
    )
    values = known.brief(1)["sentences"][1]["values"]
    assert values == {
        "days": 30, "credits_before": 3000, "difference": 500, "percent": 17, "credits_1": 500, "since_1": since
    }  # fmt: skip


def test_a_balance_is_told_of_an_account_and_of_an_only_site(known: Warehouse) -> None:
    def panels(**who: Any) -> str:
        return " ".join(sentence["text"] for sentence in known.brief(**who)["sentences"])

    assert "balance" not in panels(site=1)
    assert "one.example" not in panels(site=2)
    assert panels(site=2) == "quiet.example has not run in the last 30 days."
    assert "An agency" in panels(account=1)


def test_a_month_of_which_too_little_is_known_says_so(demo: Warehouse) -> None:
    (month,) = [s for s in demo.brief(112)["sentences"] if "By its end" in s["text"]]
    high = month["values"]["high"]
    assert f", between almost nothing and {high:,}: too little is known yet; so far" in month["text"]
    assert "low" not in month["values"]


def test_a_balance_of_nothing_is_used_up(demo: Warehouse) -> None:
    (told,) = [s for s in demo.brief(account=31)["sentences"] if "balance" in s["values"]]
    assert (told["text"], told["values"]) == ("The balance is used up.", {"balance": 0})


@pytest.mark.parametrize(
    ("runway_days", "days"), [(0.0, 0), (0.749, 0), (0.9999, 0), (1.0, 1), (1.5, 2), (365.4, None)]
)
def test_less_than_a_day_is_so_in_a_brief_as_in_an_alert(runway_days: float, days: int | None) -> None:
    (row,) = computed(
        "brief_balance",
        accounts=[{"account_id": 7}],
        sites=[{"site_id": 1, "account_id": 8, "is_live": True}],
        runways=[{"account_id": 7, "available_credits": 5, "runway_days": runway_days, "ends_on": None}],
    )
    assert row["days"] == days


def test_a_balance_that_all_but_nothing_uses_has_no_end(demo_source: Path, tmp_path: Path) -> None:
    """What a long silence leaves of a site's rhythm is no spend: less than any digit that is told."""
    load(f"sqlite:///{demo_source}", tmp_path, as_of=DEMO_AS_OF + 260 * DAY)
    with igny8_analysis.connect(tmp_path) as warehouse:
        unused = warehouse.sql(
            "select account_id, runway_days from runways where available_credits > 0 and credits_per_day = 0"
        ).fetchall()
        assert {days for _, days in unused} == {None}
        for account_id, _ in unused:
            assert not [
                s for s in warehouse.brief(account=account_id)["sentences"] if "balance" in s["values"]
            ]
        ((longest,),) = warehouse.sql("select max(runway_days) from runways").fetchall()
        assert longest < 1e15


def test_a_balance_of_more_days_than_a_whole_number_holds() -> None:
    (row,) = computed(
        "brief_balance",
        accounts=[{"account_id": 7}],
        sites=[{"site_id": 1, "account_id": 7, "is_live": False}],
        runways=[{"account_id": 7, "available_credits": 5, "runway_days": 1e30, "ends_on": None}],
    )
    assert (row["scope"], row["days"], row["is_over_a_year"]) == ("account", None, True)


def test_the_next_runs_of_an_account_are_those_that_its_alert_adds_up() -> None:
    """Of three sites one has no budget yet and one nothing to do."""
    totals = [
        {
            "site_id": 1,
            "is_champion": True,
            "credits": 10.0,
            "p80_low": 8.0,
            "p80_high": 12.0,
            "budget_90": 15.0,
        },
        {
            "site_id": 2,
            "is_champion": True,
            "credits": 7.0,
            "p80_low": None,
            "p80_high": None,
            "budget_90": None,
        },
        {
            "site_id": 3,
            "is_champion": True,
            "credits": 0.0,
            "p80_low": 0.0,
            "p80_high": 0.0,
            "budget_90": 0.0,
        },
    ]
    next_runs = computed(
        "account_next_runs",
        forecast_totals=totals,
        running_sites=[{"site_id": number, "account_id": 7} for number in (1, 2, 3)]
        + [{"site_id": 4, "account_id": None}],
    )
    assert next_runs == [
        {
            "account_id": 7,
            "running_sites": 3,
            "credits": 17.0,
            "p80_low": None,
            "p80_high": None,
            "budget_90": 22.0,
            "sites_without_budget": 1,
        }
    ]
    rows = computed(
        "brief_next",
        sites=[{"site_id": 1, "rests_as": None}, {"site_id": 2, "rests_as": None}],
        forecast_totals=totals,
        account_next_runs=next_runs,
        brief_sites=[{"scope": "site", "site_id": 1, "account_id": None, "told_site_id": 1}],
        told_record=[{"site_id": 1, "past_runs": 1, "error_credits": 1.0, "actual_credits": 1.0}],
    )
    (account,) = [row for row in rows if row["scope"] == "account"]
    assert (account["sites"], account["credits"], account["to_have"]) == (3, 17, 22)
    assert [(row["site_id"], row["to_have"]) for row in rows if row["scope"] == "site"] == [
        (1, 15),
        (2, None),
    ]


def test_a_brief_of_an_inactive_site_tells_of_no_next_run(demo: Warehouse) -> None:
    told = demo.brief(int(DemoSite.INACTIVE))["sentences"]
    assert [sentence["panel"] for sentence in told] == ["run_statistics", "attention"]


def test_a_brief_of_a_deleted_site_tells_of_no_next_run(demo: Warehouse) -> None:
    told = demo.brief(int(DemoSite.DELETED))["sentences"]
    assert [sentence["panel"] for sentence in told] == ["run_statistics", "what_changed"]


def test_what_is_beyond_any_number_stops_no_load_and_is_left_out() -> None:
    next_run = {
        "site_id": 1,
        "is_champion": True,
        "credits": 10.0,
        "p80_low": 1.0,
        "p80_high": 1e40,
        "budget_90": 1e40,
    }
    row, account = computed(
        "brief_next",
        sites=[{"site_id": 1, "rests_as": None}],
        brief_sites=[{"scope": "site", "site_id": 1, "account_id": None, "told_site_id": 1}],
        forecast_totals=[next_run],
        account_next_runs=computed(
            "account_next_runs",
            forecast_totals=[next_run],
            running_sites=[{"site_id": 1, "account_id": 7}],
        ),
        told_record=[{"site_id": 1, "past_runs": 1, "error_credits": 1e40, "actual_credits": 1.0}],
    )
    assert (row["credits"], row["low"], row["high"], row["to_have"], row["off_by"]) == (
        10,
        1,
        None,
        None,
        None,
    )
    assert (account["account_id"], account["credits"], account["low"]) == (7, 10, 1)
    assert (account["high"], account["to_have"]) == (None, None)


def test_a_brief_is_of_one(known: Warehouse) -> None:
    for who in ({}, {"site": 1, "account": 1}):
        with pytest.raises(UsageError):
            known.brief(**who)


def test_on_the_command_line(demo_warehouse: Path, demo: Warehouse) -> None:
    def told(*arguments: str) -> str:
        return CliRunner().invoke(cli, ["brief", *arguments, "--warehouse", str(demo_warehouse)]).stdout

    sentences = demo.brief("mysite.com")["sentences"]
    assert told("mysite.com").splitlines() == [sentence["text"] for sentence in sentences]
    assert json.loads(told("mysite.com", "--format", "json")) == {"sentences": sentences}
    assert told("--account", "7").startswith("In the last 30 days Brightwater Media made")
    assert len(told("mysite.com", "--format", "csv").splitlines()) == 1 + len(sentences)
    refused = CliRunner().invoke(
        cli, ["brief", "mysite.com", "--columns", "text", "--warehouse", str(demo_warehouse)]
    )
    assert str(refused.exception) == "--columns goes with tables and CSV; without a format this is text"


def test_a_balance_is_told_to_nobody_but_the_accounts_only_site(demo: Warehouse) -> None:
    """A deleted site is none of the others' either: what is left of its account is not its to tell."""
    others = demo.sql(
        "select s.site_id, count(o.site_id) from sites as s left join sites as o "
        "on o.account_id = s.account_id and o.site_id <> s.site_id and o.is_live group by all order by 1"
    ).fetchall()
    balances = {
        site_id
        for site_id, _ in others
        for sentence in demo.brief(site_id)["sentences"]
        if "balance" in sentence["text"]
    }
    assert balances <= {site_id for site_id, count in others if count == 0}
    assert balances


@pytest.mark.parametrize(
    ("breaks", "dated_on"),
    [
        ({1: 20, 2: 20}, 20),  # both became dearer on one day
        ({1: 20}, None),  # the other became dearer without a break
        ({1: 20, 2: 19}, None),
        ({1: 61, 2: 61}, None),  # before all days compared: it is in both sums
        ({1: 20, 2: 20, 3: 5}, 20),  # the third's price costs nothing
    ],
)
def test_a_rise_is_dated_by_breaks_of_all_that_it_comes_from(
    breaks: dict[int, int], dated_on: int | None
) -> None:
    changes = [
        {
            "site_id": site_id,
            "period": "last_30_days",
            "stage_number": 4,
            "stage_name": "Writing",
            "is_new_stage": False,
            "credits_before": Decimal(100),
            "credits_after": Decimal(100 + rise),
            "volume_credits": Decimal(0),
            "rate_credits": Decimal(rise),
        }
        for site_id, rise in ((1, 50), (2, 500), (3, 0))
    ]
    (row,) = computed(
        "brief_why",
        brief_sites=[
            {"scope": "account", "site_id": None, "account_id": 7, "told_site_id": site_id}
            for site_id in (1, 2, 3)
        ],
        cost_changes=changes,
        price_causes=computed(
            "price_causes",
            price_effects=[
                {
                    "site_id": site_id,
                    "stage_number": 4,
                    "since": AS_OF - days * DAY,
                    "rate_before": 1.0,
                    "rate_after": 2.0,
                }
                for site_id, days in {**breaks, 9: 1}.items()  # the ninth is another account's
            ],
            current_load=[{"as_of": AS_OF}],
        ),
    )
    assert (row["cause"], row["credits"], row["is_cause_of_more"]) == ("rate", 550, True)
    assert row["since"] == (dated_on and (AS_OF - dated_on * DAY).date())


def test_of_a_rise_of_which_no_step_is_a_credit_the_sum_is_told(tmp_path: Path) -> None:
    """Seven stages, each 0.8 credits dearer by half a credit of items and of price."""
    runs = [
        run(
            number,
            AS_OF - days * DAY,
            stages=dict.fromkeys(range(1, 8), (items_, 1, credits)),
        )
        for number, (days, items_, credits) in enumerate([(40, 10, 4.0), (10, 11, 4.8)], 1)
    ]
    source = make_source(tmp_path / "source.sqlite", [site(1)], runs)
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    with igny8_analysis.connect(tmp_path / "data") as warehouse:
        texts = [sentence["text"] for sentence in warehouse.brief(1)["sentences"]]
    assert "That is 6 credits (20 %) more than in the 30 days before." in texts
