-- One row per account, site, UTC date and operation of the ledger, each as found; dates that do not read
-- are NULL.
select
    account_id,
    site_id,
    used_on,
    operation,
    count(*) as items,
    cast({total}(credits) as text) as credits,
    cast({total}(cost_usd) as text) as cost_usd,
    cast({total}(tokens_input) as text) as tokens_input,
    cast({total}(tokens_output) as text) as tokens_output,
    min(case when credits is null then credits_text end) as bad_credits
from ({rows}) as calls
group by account_id, site_id, used_on, operation
