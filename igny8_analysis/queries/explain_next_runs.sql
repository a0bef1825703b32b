select f.site_id, f.method, f.credits, f.budget_90, b.available_credits
from running_sites as r
join forecast_totals as f on f.site_id = r.site_id and f.is_champion
left join account_balances as b on b.account_id = r.account_id
where r.account_id = {{ account_id }}
order by f.site_id
