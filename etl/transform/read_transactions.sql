-- One row per account, date and kind of transaction as found; `reason`: why it cannot be read.
create table read_transactions as
select
    as_bigint(account_id) as account_id,
    as_date(day) as made_on,
    coalesce(kind, '') as kind,
    items,
    coalesce(cast(amount as decimal(38, 6)), 0) as amount,
    coalesce(cast(amount_added as decimal(38, 6)), 0) as amount_added,
    bad_amount,
    account_id as row_key,
    case
        when account_id is not null and as_bigint(account_id) is null
        then 'tenant_id is not a whole number'
        when as_date(day) is null
        then 'created_at is not a time'
    end as reason
from raw_credit_transactions
