select
    cast(r.started_at at time zone 'UTC' as date) as used_on,
    'runs' as what,
    sum(r.total_credits_used) as credits
from runs as r
join sites as s on s.site_id = r.site_id
where s.account_id = {{ account_id }}
group by all
union all
select d.used_on, 'ledger', sum(d.credits)
from credit_days as d
where d.account_id = {{ account_id }}
group by all
union all
select t.made_on, 'added', sum(t.amount_added)
from lake.credit_transactions as t
where t.account_id = {{ account_id }}
group by all
order by used_on desc, what
