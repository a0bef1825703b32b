-- Tables whose rows or credits are not those of the view made of them.
with
    pairs as (
        select
            'runs' as relation,
            (select count(*) from lake.runs) as in_lake,
            (select count(*) from runs) as in_view
        union all
        select 'sites', (select count(*) from lake.sites), (select count(*) from sites)
        union all
        select
            'credits',
            (select coalesce(sum(total_credits_used), 0) from lake.runs),
            (select coalesce(sum(total_credits_used), 0) from run_statistics)
    )
select relation, in_lake, in_view
from pairs
where in_lake <> in_view
