-- One row per site and account with a run to come: what the next one, or that of each site, will cost.
-- A step towards briefs.
-- Kept as a table: asked of one site or account at a time.
-- Renewed: whole.
with
    record as (
        select
            o.scope,
            o.site_id,
            o.account_id,
            sum(r.past_runs) as past_runs,
            sum(r.error_credits) / nullif(sum(r.actual_credits), 0) * 100 as off_by
        from brief_sites as o
        join told_record as r on r.site_id = o.told_site_id
        group by o.scope, o.site_id, o.account_id
    ),
    coming as (
        select
            'site' as scope,
            f.site_id,
            cast(null as bigint) as account_id,
            1 as sites,
            f.credits,
            f.p80_low as low,
            f.p80_high as high,
            f.budget_90 as to_have,
            0 as sites_without_budget
        from forecast_totals as f
        join sites as s on s.site_id = f.site_id
        where f.is_champion and s.rests_as is null
        union all
        select
            'account',
            cast(null as bigint),
            account_id,
            running_sites,
            credits,
            p80_low,
            p80_high,
            budget_90,
            sites_without_budget
        from account_next_runs
    )
select
    f.scope,
    f.site_id,
    f.account_id,
    f.sites,
    round(try_cast(f.credits as decimal(38, 9)), 0) as credits,
    round(try_cast(f.low as decimal(38, 9)), 0) as low,
    round(try_cast(f.high as decimal(38, 9)), 0) as high,
    f.high > p.widest_range * f.low as is_unsure,
    ceil(try_cast(f.to_have as decimal(38, 9))) as to_have,
    f.sites_without_budget,
    cast(coalesce(r.past_runs, 0) as bigint) as past_runs,
    round(try_cast(r.off_by as decimal(38, 9)), 0) as off_by
from coming as f
cross join parameters as p
left join
    record as r
    on r.scope = f.scope
    and r.site_id is not distinct from f.site_id
    and r.account_id is not distinct from f.account_id
where f.credits > 0
order by f.site_id, f.account_id
