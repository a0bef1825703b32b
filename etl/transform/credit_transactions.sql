select
    account_id,
    made_on,
    kind,
    sum(items) as transactions,
    sum(amount) as amount,
    sum(amount_added) as amount_added
from read_transactions
where reason is null
group by all
