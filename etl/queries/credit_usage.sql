-- One row per account, site, UTC date and operation of the ledger, each as found.
-- Of a date that does not read the day is empty.
select
    cast(account_id as text) as account_id,
    cast(site_id as text) as site_id,
    {{ day }} as day,
    operation,
    count(*) as items,
    cast({{ total }} (credits) as text) as credits,
    cast({{ total }} (cost_usd) as text) as cost_usd,
    cast({{ total }} (tokens_input) as text) as tokens_input,
    cast({{ total }} (tokens_output) as text) as tokens_output,
    min(case when credits is null then credits_text end) as bad_credits,
    min(case when cost_usd is null then cost_usd_text end) as bad_cost_usd,
    min(case when tokens_input is null then tokens_input_text end) as bad_tokens_input,
    min(case when tokens_output is null then tokens_output_text end) as bad_tokens_output
from ({{ rows }}) as calls
where {{ which }}
group by account_id, site_id, day, operation
