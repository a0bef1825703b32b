-- One row per site and account: what the running month will have cost, in whole credits.
-- A step towards briefs.
-- Renewed: whole.
select
    m.scope,
    m.site_id,
    case when m.scope = 'account' then m.account_id end as account_id,
    m.month_start,
    round(m.credits_so_far, 0) as so_far,
    round(try_cast(m.credits_expected as decimal(38, 9)), 0) as expected,
    round(try_cast(m.p80_low as decimal(38, 9)), 0) as low,
    round(try_cast(m.p80_high as decimal(38, 9)), 0) as high,
    m.p80_high > p.widest_range * m.p80_low as is_unsure,
    round(m.credits_month_before, 0) as month_before
from spend_months as m
cross join parameters as p
