-- One row: whether the source has a credit ledger, and credit transactions.
select
    ', ' || coalesce(l.missing, '') || ',' not like '%, igny8_credit_usage_log,%' as has_ledger,
    ', ' || coalesce(l.missing, '') || ',' not like '%, igny8_credit_transactions,%' as has_transactions
from loads as l
join current_load as c on c.load_number = l.load_number
