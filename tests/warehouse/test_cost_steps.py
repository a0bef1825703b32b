"""The waterfall of what changed: its steps stand end to end, from one period's credits to the next one's."""

from igny8_analysis import Warehouse


def test_steps_lead_from_the_credits_before_to_those_after(demo: Warehouse) -> None:
    steps = demo.sql("select * from cost_steps where scope = 'site' order by site_id, period, step_number")
    changes = {
        (site, period): (before, after)
        for site, period, before, after in demo.sql(
            "select site_id, period, sum(credits_before), sum(credits_after) from cost_changes group by all"
        ).fetchall()
    }
    seen = {}
    names = steps.columns
    for row in (dict(zip(names, values, strict=True)) for values in steps.fetchall()):
        key = row["site_id"], row["period"]
        assert row["starts_at_credits"] == seen.get(key, changes[key][0])
        assert (row["credits_before"], row["credits_after"]) == changes[key]
        assert row["step_number"] <= 6
        assert (row["kind"] == "rest") == (row["step_number"] == 6)
        seen[key] = row["ends_at_credits"]
    assert seen
    assert all(end == changes[key][1] for key, end in seen.items())
    assert all(before == after for key, (before, after) in changes.items() if key not in seen)


def test_the_largest_step_of_the_demo(demo: Warehouse) -> None:
    """mysite.com: images cost 3.39 before and 4.82 now, 1,959 of them: (4.8213… − 3.3917…) × 1,959."""
    (row,) = demo.sql(
        "select kind, stage_number, credits from cost_steps "
        "where site_id = 101 and period = 'last_30_days' and step_number = 1"
    ).fetchall()
    assert row[:2] == ("price", 6)
    assert round(float(row[2]), 6) == round((9445 / 1959 - 6685 / 1971) * 1959, 6)


def test_an_account_is_its_live_sites_together(demo: Warehouse) -> None:
    account, sites = (
        demo.sql(query).fetchall()
        for query in (
            "select period, any_value(credits_before), any_value(credits_after) from cost_steps "
            "where account_id = 7 group by all order by 1",
            "select period, sum(credits_before), sum(credits_after) from cost_changes join sites using (site_id) "
            "where account_id = 7 and is_live group by all "
            "having sum(credits_before) <> sum(credits_after) order by 1",
        )
    )
    assert [row for row in account if row[1] != row[2]] == sites
