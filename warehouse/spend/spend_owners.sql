-- One row per site and per account whose spend is forecast; deleted ones are left out.
-- A step towards forecasts of spend.
-- Kept as a table: accounts are of all their sites.
-- Renewed: whole, by owner.
with live as (select site_id, account_id, account_key from sites where is_live)
select 'site' as scope, site_id as owner_id, site_id, account_id, account_key, 1 as sites
from live
union all
select 'account', a.account_id, null, a.account_id, a.account_id, count(l.site_id)
from accounts as a
left join live as l on l.account_id = a.account_id
where not a.is_deleted
group by a.account_id
