-- One row per site, and per account and site of it that is not deleted: of which sites a brief tells.
-- A step towards briefs.
-- Renewed: whole.
select 'site' as scope, site_id, cast(null as bigint) as account_id, site_id as told_site_id
from sites
union all
select 'account', cast(null as bigint), a.account_id, s.site_id
from accounts as a
left join sites as s on s.account_id = a.account_id and s.is_live
