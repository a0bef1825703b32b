select
    null as account_id,
    null as made_on,
    null as kind,
    null as transactions,
    null as amount,
    null as amount_added
where false
