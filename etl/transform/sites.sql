with
    source_sites as (
        select
            as_bigint(id) as site_id,
            as_bigint(account_id) as account_id,
            coalesce(name, '') as name,
            {{ bare_domain }} as domain,
            domain as source_domain,
            as_boolean(is_active) as is_active,
            as_boolean(is_deleted) as is_deleted,
            as_time(created_at) as created_at,
            true as has_source_row
        from raw_sites
        where as_bigint(id) is not null
    ),
    named_sites as (
        select
            site_id, first(account_id order by started_at desc nulls last, id desc nulls last) as account_id
        from
            (
                select site_id, account_id, started_at, id
                from read_runs
                where reason is null
                union all
                select site_id, null, null, null
                from read_items
                union all
                select site_id, null, null, null
                from read_settings
                union all
                select site_id, null, null, null
                from read_usage
                where reason is null
            )
        where site_id is not null
        group by site_id
    )
select *
from source_sites
union all
select site_id, account_id, 'site ' || site_id, null, null, null, null, null, false
from named_sites
where site_id not in (select site_id from source_sites)
