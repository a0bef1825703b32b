-- One row: the thresholds of every statistic, each with its reason in its column's description.
select
    10 as analyzed_runs,
    3 as sufficient_runs,
    24 as stale_after_hours,
    30 as credits_window_days,
    7 as duration_window_days,
    5 as efficiency_threshold_pct,
    20 as variance_threshold_pct,
    20 as buffer_pct,
    3652 as calendar_days,
    90 as price_effect_days,
    date '2026-01-17' as locks_mended_on,
    6 as shown_cost_steps,
    3 as told_causes,
    30 as told_past_runs,
    10 as widest_range,
    90 as good_success_pct,
    70 as fair_success_pct
