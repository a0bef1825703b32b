-- The runs of a site that a number, `latest` or the first 8 or more characters of a run_id name: by the
-- first of these ways that names any. Of runs that share a run_id the latest comes first.
with
    ways as (
        select
            id,
            run_id,
            started_at,
            case
                when run_number = try_cast(regexp_extract($run, '^#?([0-9]{1,18})$', 1) as bigint)
                then 1
                when $run = 'latest'
                then 2
                when length($run) >= 8 and starts_with(run_id, $run)
                then 3
            end as way
        from runs
        where site_id = $site_id
    ),
    named as (select * from ways where way is not null qualify way = min(way) over ())
select id, run_id
from named
order by started_at desc, id desc
