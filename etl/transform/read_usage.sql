-- One row per account, site, date and operation of the ledger as found; `reason`: why it cannot be read.
create table read_usage as
select
    as_bigint(account_id) as account_id,
    as_bigint(site_id) as site_id,
    as_date(day) as used_on,
    coalesce(operation, '') as operation,
    items,
    coalesce(cast(credits as decimal(38, 6)), 0) as credits,
    cast(cost_usd as decimal(38, 9)) as cost_usd,
    cast(tokens_input as decimal(38, 0)) as tokens_input,
    cast(tokens_output as decimal(38, 0)) as tokens_output,
    bad_credits,
    bad_cost_usd,
    bad_tokens_input,
    bad_tokens_output,
    case when site_id is not null and as_bigint(site_id) is null then site_id else account_id end as row_key,
    case
        when account_id is not null and as_bigint(account_id) is null
        then 'tenant_id is not a whole number'
        when site_id is not null and as_bigint(site_id) is null
        then 'site_id is not a whole number'
        when as_date(day) is null
        then 'created_at is not a time'
    end as reason
from raw_credit_usage
