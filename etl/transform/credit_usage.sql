select
    coalesce(u.account_id, s.account_id) as account_id,
    u.site_id,
    u.used_on,
    u.operation,
    sum(u.items) as calls,
    sum(u.credits) as credits,
    sum(u.cost_usd) as cost_usd,
    sum(u.tokens_input) as tokens_input,
    sum(u.tokens_output) as tokens_output
from read_usage as u
left join sites as s on s.site_id = u.site_id
where u.reason is null
group by all
