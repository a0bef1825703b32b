-- One row per site and account, horizon and method: the spend of the days ahead, and which to use.
-- Renewed: whole.
select
    scope,
    site_id,
    account_id,
    horizon_days,
    method,
    credits,
    p80_low,
    p80_high,
    p90_low,
    p90_high,
    budget_80,
    budget_90,
    is_champion,
    case
        when not is_champion
        then null
        when is_off and scope = 'account'
        then 'the automation of its sites that ran is off: nothing of theirs is scheduled'
        when is_off
        then 'the automation is off: nothing is scheduled'
        when weighed_error is null and origins = 0
        then 'no forecast could be measured yet'
        when weighed_error is null
        then 'nothing was spent in its weeks that are known, whichever method'
        when origins = 0 and is_platform
        then 'lowest error over all; none of its own is measured yet'
        when origins = 0
        then 'lowest error over the account''s sites; none of its own is measured yet'
        when is_platform
        then 'lowest error, over ' || cast(origins as varchar) || ' of its own past weeks and all'
        else 'lowest error, over ' || cast(origins as varchar) || ' of its own past weeks and the account''s'
    end as reason
from spends
where is_live
