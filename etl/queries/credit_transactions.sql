-- One row per account, UTC date and kind of transaction, each as found; of a date that does not read the
-- day is empty.
select
    cast(account_id as text) as account_id,
    {{ day }} as day,
    kind,
    count(*) as items,
    cast({{ total }} (amount) as text) as amount,
    cast({{ total }} (case when cast(amount as numeric) > 0 then amount end) as text) as amount_added,
    min(case when amount is null then amount_text end) as bad_amount
from ({{ rows }}) as transactions
where {{ which }}
group by account_id, day, kind
