-- One row per site and account: the rows that its brief is told of, as texts.
-- A step towards payloads.
-- Kept as a table: a look-up costs by the column, so what is asked by the second is one.
-- Renewed: whole.
with
    told as (
        select
            'site' as scope,
            site_id,
            cast(null as bigint) as account_id,
            false as is_outlook,
            'owner' as sentence,
            1 as place,
            json_object('name', label) as row
        from sites
        union all
        select
            'account',
            null,
            account_id,
            false,
            'owner',
            1,
            json_object('name', coalesce(nullif(trim(account_name), ''), 'account ' || account_id))
        from accounts
        union all
        select scope, site_id, account_id, false, 'made', 1, to_json(m)
        from brief_made as m
        union all
        select scope, site_id, account_id, false, 'why', cause_number, to_json(w)
        from brief_why as w
        union all
        select scope, site_id, account_id, false, 'next', 1, to_json(n)
        from brief_next as n
        union all
        select scope, site_id, account_id, true, 'month', 1, to_json(m)
        from brief_month as m
        union all
        select scope, site_id, account_id, true, 'balance', 1, to_json(b)
        from brief_balance as b
        union all
        select scope, site_id, account_id, false, 'alerts', alert_number, to_json(a)
        from brief_alerts as a
    ),
    texts as (
        select
            scope,
            site_id,
            account_id,
            list(json_array(sentence, row) order by sentence, place) filter (where not is_outlook) as brief,
            list(json_array(sentence, row) order by sentence, place) filter (where is_outlook) as outlook
        from told
        group by scope, site_id, account_id
    )
select
    scope,
    site_id,
    account_id,
    cast(to_json(brief) as varchar) as brief,
    cast(to_json(coalesce(outlook, [])) as varchar) as outlook
from texts
order by site_id, account_id
