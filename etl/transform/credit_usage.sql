select
    null as account_id,
    null as site_id,
    null as used_on,
    null as operation,
    null as calls,
    null as credits,
    null as cost_usd,
    null as tokens_input,
    null as tokens_output
where false
