"""Each chart by the data it draws and the names it is read by."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest
import vl_convert

from igny8_analysis import charts
from igny8_analysis.charts import theme
from igny8_analysis.reports import formats, words

NAMES = ("Clustering", "Ideas", "Tasks", "Writing", "Prompts", "Images", "Review")
START = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = re.compile(r'<text text-anchor="(\w+)" transform="translate\(([-\d.]+),[^>]*>([^<]+)<')
LETTER = 6.1  # px of a digit


def stage(number: int | None, **columns: Any) -> dict[str, Any]:
    return {"stage_number": number, "stage_name": NAMES[number - 1] if number else "None", **columns}


def run(number: int, status: str = "completed", credits: int = 100, **columns: Any) -> dict[str, Any]:
    known = {"baseline_avg_credits": 90.0, "baseline_lowest_credits": 50, "baseline_highest_credits": 120}
    started = START + timedelta(days=number)
    row = {
        "id": number,
        "run_number": number,
        "started_at": started,
        "status": status,
        "total_credits_used": Decimal(credits),
    }
    return row | known | {"is_unusual": False, "credits_per_article": 2.5, "duration_seconds": 60.0} | columns


CREDITS = [stage(n, credits_used=Decimal(c)) for n, c in enumerate((10, 40, 0, 50, 0, 0, 0), 1)]
RUNS = [run(1), run(2, "failed", 30), run(3, "archived", 130, is_unusual=True)]
VARIANCE = [stage(1, volume_credits=5.0, rate_credits=-2.0), stage(2, volume_credits=0.0, rate_credits=0.0)]
PARTS = [
    {
        **stage(1),
        "part": "stage",
        "label": "Clustering",
        "duration_seconds": 60.0,
        "starts_after_seconds": 0.0,
        "ends_after_seconds": 60.0,
    },
    {
        "stage_number": None,
        "part": "remainder",
        "label": "Not accounted for",
        "duration_seconds": 40.0,
        "starts_after_seconds": 60.0,
        "ends_after_seconds": 100.0,
    },
]
PENDING = [
    stage(n, load_number=load, as_of=START + timedelta(days=load), pending_items=n * load)
    for load in (1, 2)
    for n in range(1, 8)
]
BACKTEST = [
    {
        "method": "flow",
        "forecast_credits": 90.0,
        "p80_low": 70.0,
        "p80_high": 110.0,
        "p90_low": 60.0,
        "p90_high": 130.0,
        "actual_credits": Decimal(100),
    }
]
MONTHS = [
    {"month_start": date(2026, n, 1), "month_credits": Decimal(c) if c else None}
    for n, c in ((1, 30), (2, 0))
]
SITES = [
    {
        "site_id": n,
        "label": label,
        "earlier_credits_per_article": 10.0,
        "recent_credits_per_article": recent,
        "cost_change_pct": change,
        "has_cost_risen": n == 1,
        "total_estimated_credits": Decimal(100 * n),
        "recommended_buffer_credits": Decimal(20 * n),
        "balance_credits": Decimal(120 * n),
    }
    for n, label, recent, change in (
        (1, "a.example", 13.0, 30.0),
        (2, "a.example", 9.0, -10.0),
        (3, "b", None, None),
    )
]
PAIRS = [stage(1, credits_used_a=5, credits_used_b=7), stage(None, credits_used_a=-1, credits_used_b=0)]
ALL = {
    "months": charts.credits_by_month(MONTHS),
    "articles": charts.article_costs(SITES),
    "balances": charts.balance_by_site(SITES),
    "pairs": charts.paired_stages(PAIRS, "credits_used", "Credits by stage", ("#7", "#8")),
    "donut": charts.credits_donut(CREDITS, "credits_used", 100, "Credits by stage", "donut"),
    "credits": charts.credits_per_run(RUNS, "Credits per run"),
    "measure": charts.run_measure(RUNS, "duration_seconds", "Duration", "", formats.duration),
    "pending": charts.pending_over_loads(PENDING),
    "recent": charts.stage_recent(1, "Clustering", [1, 2, 3], "credits"),
    "flow": charts.pipeline_flow([stage(n, items_processed=9, items_created=4) for n in range(1, 8)]),
    "variance": charts.volume_and_rate(VARIANCE),
    "timeline": charts.run_timeline(PARTS),
    "forecast": charts.forecast_interval(BACKTEST),
}


def drawn(spec: Any) -> list[dict[str, Any]]:
    """All rows of inline data in a specification."""
    if isinstance(spec, dict):
        own = spec["data"].get("values", []) if isinstance(spec.get("data"), dict) else []
        return own + [row for key, value in spec.items() if key != "data" for row in drawn(value)]
    return [row for value in spec for row in drawn(value)] if isinstance(spec, list) else []


@pytest.mark.parametrize("name", ALL)
def test_a_chart_is_valid_named_and_the_same_twice(name: str) -> None:
    chart = ALL[name]
    assert chart is not None
    for spec in filter(None, (chart.spec, chart.wide)):
        alt.Chart.from_dict(spec)
    assert chart.svg == chart.svg
    for svg in re.findall(r"<svg .*?</svg>", chart.svg, re.DOTALL):
        assert re.match(
            r'<svg class="chart[a-z -]*" role="(?:img|graphics-document)" aria-labelledby="([a-z0-9-]+)-t \1-d"',
            svg,
        )
        assert f">{chart.title}</title>" in svg
        assert f">{chart.description}</desc>" in svg
        assert not re.search(r"#[0-9a-f]{6}|style=|font-family|http", svg)
    assert {len(row) for row in chart.body} == {len(chart.head)}


def test_a_slice_that_begins_where_a_circle_would_stays_a_slice() -> None:
    """Three quarters of a ring ended where a circle's path begins, and the quarter before them covered the hole."""
    quarter = [stage(1, credits_used=Decimal(40)), stage(2, credits_used=Decimal(120))]
    drawing = charts.credits_donut(quarter, "credits_used", 160, "Credits by stage", "quarter")
    assert drawing is not None
    assert "<circle" not in drawing.svg
    assert len(re.findall(r'<path [^>]*d="M[^"]*A94,94,[^"]*A56,56,[^"]*Z"', drawing.svg)) == 2


def test_a_whole_that_two_stages_do_not_make_is_no_donut() -> None:
    """A run charged for more than its stages report: its credits around theirs would say that they are all."""
    stages = [stage(1, credits_used=Decimal(40)), stage(2, credits_used=Decimal(60))]

    def drawn_of(total: int) -> str:
        chart = charts.stage_credits(stages, "credits_used", total, "Credits by stage", "credits")
        assert chart is not None
        assert chart.description.startswith(f"{total:,} credits in all, the most in stage 2")
        return str(chart.spec)

    assert "'arc'" in drawn_of(100)
    assert "'arc'" not in drawn_of(1330)


def test_the_donut_draws_credits_and_numbers_its_larger_slices() -> None:
    chart = ALL["donut"]
    assert chart is not None
    slices = [
        (row["stage_number"], row["credits_used"]) for row in drawn(chart.spec) if "stage_number" in row
    ]
    assert slices[:3] == [(1, 10.0), (2, 40.0), (4, 50.0)]
    assert "the most in stage 4, Writing: 50" in chart.description
    assert len(chart.body) == 7


def test_credits_per_run_draw_every_run_with_its_baseline() -> None:
    chart = ALL["credits"]
    assert chart is not None
    rows = [row for row in drawn(chart.spec) if row.get("run_number") == 3]
    assert rows[0]["shown_status"] == "other"
    assert rows[0]["baseline_highest_credits"] == 120
    assert chart.body[2] == ("#3", "2026-01-04 00:00", "archived", "130", "90", "50", "120", "yes")
    assert "between 30 and 130 credits" in chart.description


def test_a_measure_leaves_out_runs_that_have_none() -> None:
    rows = [run(1, duration_seconds=None), run(2, duration_seconds=90.0)]
    chart = charts.run_measure(rows, "duration_seconds", "Duration", "", formats.duration)
    assert chart is not None
    assert [row["run_number"] for row in drawn(chart.spec)] == [2]
    assert chart.body == [("#2", "2026-01-03 00:00", "completed", "1\u202fmin 30\u202fs")]


def test_a_run_still_going_on_is_shown_as_it_is() -> None:
    """By its own mark, and not in the line of credits per article."""
    rows = [run(1, credits_per_article=5.0), run(2, status="running", credits_per_article=90.0)]
    credits = charts.credits_per_run(rows, "")
    assert credits is not None
    shown = {row["run_number"]: row["shown_status"] for row in drawn(credits.spec) if "run_number" in row}
    assert shown == {1: "completed", 2: "still going on"}
    chart = charts.run_measure(rows, "credits_per_article", "", "credits", formats.rate)
    assert chart is not None
    assert [row["run_number"] for row in drawn(chart.spec)] == [1]


def test_the_flow_is_as_wide_as_the_items() -> None:
    chart = charts.pipeline_flow([stage(1, items_processed=100, items_created=25)])
    assert chart is not None
    assert [(row["half"], row["minus"]) for row in drawn(chart.spec)] == [(10.0, -10.0), (5.0, -5.0)]


def test_volume_and_rate_draw_the_stages_that_differ() -> None:
    chart = ALL["variance"]
    assert chart is not None
    bars = [(row["part"], row["credits"]) for row in drawn(chart.spec) if "part" in row]
    assert bars == [("volume", 5.0), ("rate", -2.0)]
    assert "+5 credits by volume in stage 1 Clustering" in chart.description


def test_the_timeline_ends_with_the_run() -> None:
    chart = ALL["timeline"]
    assert chart is not None
    assert max(row["ends_after_seconds"] for row in drawn(chart.spec)) == 100
    assert chart.body == [("Clustering", "1\u202fmin"), ("Not accounted for", "40\u202fs")]


def test_pending_items_are_stacked_by_load() -> None:
    chart = ALL["pending"]
    assert chart is not None
    assert sum(row["pending_items"] for row in drawn(chart.spec)) == 28 * 3
    assert "2 loads; at the latest, most wait in stage 7, Review: 14" in chart.description


def test_months_without_runs_are_drawn_empty() -> None:
    chart = ALL["months"]
    assert chart is not None
    assert [(row["month"], row["credits"]) for row in drawn(chart.spec)] == [("Jan 26", 30.0), ("Feb 26", 0)]


def test_sites_of_one_label_are_told_apart_and_those_without_a_change_left_out() -> None:
    chart = ALL["articles"]
    assert chart is not None
    assert {row["name"] for row in drawn(chart.spec)} == {"a.example (1)", "a.example (2)"}
    assert "2 sites; the largest rise is +30\u202f% at a.example (1)" in chart.description


def test_a_balance_is_estimate_and_buffer() -> None:
    chart = ALL["balances"]
    assert chart is not None
    assert [row["credits"] for row in drawn(chart.spec)] == [100, 20, 200, 40, 300, 60]


def test_a_pair_draws_both_runs_of_each_stage() -> None:
    chart = ALL["pairs"]
    assert chart is not None
    assert [(row["run"], row["amount"]) for row in drawn(chart.spec)] == [("#7", 5), ("#8", 7)]
    assert "7 in stage 1 Clustering, in #8" in chart.description


def test_a_stage_that_ran_once_is_told_of_one_run() -> None:
    one, two = (charts.stage_recent(1, "Clustering", runs, "credits") for runs in ([4], [4, 5]))
    assert one is not None
    assert two is not None
    assert one.title == "Clustering: credits in the last run in which it ran"
    assert two.title == "Clustering: credits in the last 2 runs in which it ran"


@pytest.mark.parametrize("way", words.WAYS.values())
def test_a_way_to_forecast_is_named_whole(way: str) -> None:
    chart = charts.forecast_interval([BACKTEST[0] | {"method": way}])
    assert chart is not None
    assert str(chart.svg).count(f">{way}</text>") == 2


def test_nothing_to_draw_is_no_chart() -> None:
    nothing = [stage(1, credits_used=0, items_processed=0, items_created=0, volume_credits=0, rate_credits=0)]
    assert charts.credits_donut(nothing, "credits_used", 0, "", "x") is None
    assert charts.credits_per_run([], "") is None
    assert charts.pipeline_flow(nothing) is None
    assert charts.volume_and_rate(nothing) is None
    assert charts.run_timeline([]) is None
    assert charts.stage_recent(1, "", [0, 0], "credits") is None
    assert charts.pending_over_loads([stage(1, pending_items=0)]) is None
    assert charts.forecast_interval([]) is None
    assert charts.credits_by_month([{"month_start": date(2026, 1, 1), "month_credits": None}]) is None
    assert charts.article_costs(SITES[2:]) is None
    cheaper = charts.article_costs(SITES[1:])
    assert cheaper
    assert cheaper.description == "1 site; none costs more."
    assert charts.balance_by_site([SITES[0] | {"balance_credits": 0}]) is None
    assert (
        charts.paired_stages(
            [stage(1, credits_used_a=0, credits_used_b=None)], "credits_used", "", ("A", "B")
        )
        is None
    )


def test_the_running_month_is_marked() -> None:
    drawn = charts.credits_by_month(MONTHS)
    assert drawn is not None
    assert [name.endswith(" so far") for name, _ in drawn.body] == [False] * (len(MONTHS) - 1) + [True]
    assert drawn.svg.count(">so far</text>") == 2
    assert drawn.svg.count('fill-opacity="0.4"') == 2


def test_texts_of_a_chart_keep_their_decimals() -> None:
    labels = ["shop-v2.75.example", 'a role="b" x="1.25"', "0.0149"]
    rows = pl.DataFrame({"label": labels, "share": [0.0217, 0.0512, 0.07]})
    chart = alt.Chart(rows, title="above 0.0149").mark_point().encode(
        x=alt.X("share:Q", axis=alt.Axis(format=".4f", values=[0.0125, 0.0375])), y="label:N",
        description=alt.Description("label:N"),
    )  # fmt: skip
    svg = theme.draw(theme.themed(chart), "own", "t", "d")
    texts = {element.text for element in ElementTree.fromstring(svg).iter() if element.text}
    assert {*labels, "above 0.0149", "0.0125", "0.0375"} <= texts
    geometry = re.findall(r' (?:d|transform|x|y|cx|cy)="([^"]*)"', re.sub(">[^<]*<", "><", svg))
    assert geometry
    assert [numbers for numbers in geometry if re.search(r"\d\.\d\d", numbers)] == []


def test_linked_charts_are_valid_and_share_a_selection() -> None:
    trends = charts.linked_trends(RUNS)
    stages = charts.linked_stages([row | {"credits_used": 1.0} for row in VARIANCE], 1330)
    assert alt.VConcatChart.from_dict(trends)
    assert alt.HConcatChart.from_dict(stages)
    assert {param["name"].split("_")[0] for param in trends["params"]} == {"brush", "zoom"}
    assert stages["params"][0]["name"] == "picked"
    assert stages["hconcat"][0]["title"] == "Credits by stage, 1,330 in all"  # as the still chart tells it


def test_a_runs_mark_says_what_it_is_and_links_to_its_page() -> None:
    breaks = [{"stage_number": 6, "since": RUNS[1]["started_at"], "rate_before": 3.0, "rate_after": 5.0}]
    chart = charts.credits_per_run(RUNS, "Credits per run", breaks, {2: "run-0002.html"})
    assert chart is not None
    svg = str(chart.svg)
    assert re.findall(r'<a href="([^"]*)" tabindex="-1">', svg) == ["run-0002.html"]
    assert "<title>#1, " in svg
    assert ">6 ▲</text>" in svg


def test_the_label_of_a_price_break_is_clear_of_marks_and_of_other_labels() -> None:
    """Above the plot, where no run is drawn; of stages whose prices changed at once, one label."""
    breaks = [
        {"stage_number": n, "since": RUNS[2]["started_at"], "rate_before": 3.0, "rate_after": after}
        for n, after in ((4, 2.0), (6, 5.0))
    ]
    chart = charts.credits_per_run(RUNS, "Credits per run", breaks)
    assert chart is not None
    labels = re.findall(r"translate\([\d.]+,(-?[\d.]+)\)[^>]*>(4 ▼[^<]*)</text>", str(chart.svg))
    assert [text.split() for _, text in labels] == [["4", "▼", "6", "▲"]] * 2
    assert max(float(y) for y, _ in labels) < -8, (
        "the mark around an unusual run reaches 8 px beyond the plot"
    )


@pytest.mark.parametrize("factor", [0.007, 1, 1_404, 1_234_567])
def test_no_text_of_a_drawing_with_its_own_margins_stands_out_of_it(factor: float) -> None:
    credits = [{**row, "credits_used": row["credits_used"] * Decimal(factor)} for row in CREDITS]
    parts = [
        {name: value * factor if name.endswith("_seconds") else value for name, value in part.items()}
        for part in PARTS
    ]
    keys = ("volume_credits", "rate_credits")
    variance = [row | {key: row[key] * factor for key in keys} for row in VARIANCE]
    backtest = [
        {name: value if name == "method" else float(str(value)) * factor for name, value in row.items()}
        for row in BACKTEST
    ]
    drawn = [
        charts.stage_credits(credits, "credits_used", 100 * factor, "Credits", "credits"),
        charts.run_timeline(parts),
        charts.volume_and_rate(variance),
        charts.forecast_interval(backtest),
    ]
    for chart in drawn:
        assert chart is not None
        for spec in (chart.spec, chart.wide):
            assert spec is not None
            svg = vl_convert.vegalite_to_svg(spec)
            width, left = re.search(r'width="(\d+)".*?translate\((\d+),', svg).groups()  # type: ignore[union-attr]
            for anchor, x, text in TEXTS.findall(svg):
                long = LETTER * len(text)
                start = int(left) + float(x) - {"start": 0, "middle": long / 2, "end": long}[anchor]
                assert 0 <= start <= int(width) + 1 - long, (chart.name, text)
