-- One row per account with a site that will run: what the next run of each of these will cost together.
select
    r.account_id,
    count(*) as running_sites,
    sum(f.credits) as credits,
    case when count(*) = 1 then max(f.p80_low) end as p80_low,
    case when count(*) = 1 then max(f.p80_high) end as p80_high,
    case when count(f.budget_90) > 0 then sum(coalesce(f.budget_90, f.credits)) end as budget_90,
    count(case when f.credits > 0 and f.budget_90 is null then 1 end) as sites_without_budget
from running_sites as r
join forecast_totals as f on f.site_id = r.site_id
where f.is_champion and r.account_id is not null
group by r.account_id
