-- One row per site.
-- Kept as a table: every payload finds its site here.
select
    s.site_id,
    s.domain,
    s.name,
    coalesce(
        s.domain, case when trim(s.name) <> '' then s.name end, 'site ' || cast(s.site_id as varchar)
    ) as label,
    s.account_id,
    coalesce(s.account_id, -1 - s.site_id) as account_key,
    a.name as account_name,
    s.is_active,
    coalesce(s.is_deleted, false) as is_deleted,
    not coalesce(s.is_deleted, false) and not coalesce(a.is_deleted, false) as is_live,
    case when not is_live then 'deleted' when not s.is_active then 'inactive' end as rests_as,
    s.created_at
from lake.sites as s
left join lake.accounts as a on a.account_id = s.account_id
order by s.site_id
