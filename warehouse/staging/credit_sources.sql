-- One row: whether a credit ledger was read from the source, and credit transactions.
select
    ', ' || coalesce(l.not_read, '') || ',' not like '%, credit_usage_log,%' as has_ledger,
    ', ' || coalesce(l.not_read, '') || ',' not like '%, credit_transactions,%' as has_transactions
from loads as l
join current_load as c on c.load_number = l.load_number
