-- One row per account: how many of its sites need a look, by their alerts.
select a.account_id, count(distinct t.site_id) as alerted_sites
from accounts as a
left join alerts as t on t.account_id = a.account_id and t.severity <> 'info'
group by a.account_id
