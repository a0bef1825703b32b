-- One row: the thresholds of what needs someone, each with its reason in its column's description.
select
    7 as unusual_within_days,
    14 as price_within_days,
    cast(7 as double) as runway_days_short,
    2 as schedule_grace_hours,
    80 as longest_label,
    160 as longest_error
