-- One row per thing that needs someone: what, since when, about which account, site, run or stage.
-- Kept as a table: it is asked by the second, and the next load compares its own with these.
-- Renewed: whole.
with
    load as (select load_number, epoch_us(as_of) as as_of_us from current_load),
    limits as (select longest_label, longest_error from alert_parameters),
    live as (
        select
            s.site_id,
            s.account_id,
            case
                when length(s.label) > m.longest_label
                then substring(s.label, 1, m.longest_label - 1) || '…'
                else s.label
            end as label
        from sites as s
        cross join limits as m
        where s.is_live
    ),
    called as (
        select
            account_id,
            coalesce(nullif(trim(account_name), ''), 'account ' || cast(account_id as varchar)) as label
        from accounts
    ),
    named as (
        select
            c.account_id,
            case
                when length(c.label) > m.longest_label
                then substring(c.label, 1, m.longest_label - 1) || '…'
                else c.label
            end as label
        from called as c
        cross join limits as m
    ),
    windows as (
        select
            l.load_number,
            l.as_of_us,
            l.as_of_us - cast(a.unusual_within_days as bigint) * 86400000000 as unusual_us,
            l.as_of_us - cast(a.price_within_days as bigint) * 86400000000 as price_us,
            l.as_of_us - cast(p.credits_window_days as bigint) * 86400000000 as faults_us,
            l.as_of_us - cast(a.schedule_grace_hours as bigint) * 3600000000 as due_us,
            a.runway_days_short
        from load as l
        cross join alert_parameters as a
        cross join parameters as p
    ),
    latest_runs as (
        select
            r.*,
            nullif(trim(r.error_message, ' ' || chr(9) || chr(10) || chr(13)), '') as error,
            row_number() over (
                partition by r.site_id, r.is_ended order by r.started_at desc, r.id desc
            ) as ended_place,
            row_number() over (
                partition by r.site_id, r.is_stale order by r.started_at desc, r.id desc
            ) as stale_place,
            count(*) over (partition by r.site_id, r.is_stale) as stale_runs
        from runs as r
        where r.is_ended or r.is_stale
    ),
    latest_breaks as (
        select b.*, row_number() over (partition by b.site_id, b.stage_number order by b.since desc) as place
        from price_breaks as b
        cross join load
        where epoch_us(b.since) <= load.as_of_us
    ),
    budgets as (
        select account_id, running_sites, coalesce(budget_90, credits) as budget from account_next_runs
    ),
    earlier_loads as (
        select max(l.load_number) as load_number
        from loads as l
        cross join load
        where l.load_number < load.load_number
    ),
    failed_items as (
        select
            a.site_id, a.failed_content + a.failed_images as items, coalesce(sum(i.items), 0) as items_before
        from attention_items as a
        cross join earlier_loads as e
        left join
            pipeline_items as i
            on i.site_id = a.site_id
            and i.load_number = e.load_number
            and i.entity in ('content', 'images')
            and i.is_failed
        group by a.site_id, a.failed_content, a.failed_images
    ),
    faults as (
        select q.site_id, count(*) as findings
        from data_quality as q
        join runs as r on r.site_id = q.site_id and r.id = q.id
        cross join windows
        where
            q.severity = 'error'
            and epoch_us(r.started_at) > windows.faults_us
            and epoch_us(r.started_at) <= windows.as_of_us
        group by q.site_id
    ),
    found(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
        select
            'run_failed',
            'error',
            s.account_id,
            s.site_id,
            r.id,
            r.run_id,
            p.stage_number,
            coalesce(r.completed_at, r.started_at),
            r.run_title
            || ' failed'
            || coalesce(' at ' || p.stage_name, '')
            || coalesce(
                ': ' || case
                    when length(r.error) > m.longest_error
                    then substring(r.error, 1, m.longest_error - 1) || '…'
                    else r.error
                end,
                ''
            ),
            cast(r.id as varchar)
        from live as s
        cross join limits as m
        join latest_runs as r on r.site_id = s.site_id and r.is_ended and r.ended_place = 1
        left join stage_parameters as p on p.stage_number = r.current_stage
        where r.status = 'failed'
        union all
        select
            'run_stale',
            'warning',
            s.account_id,
            s.site_id,
            r.id,
            r.run_id,
            null,
            r.started_at,
            case
                when r.stale_runs = 1
                then r.run_title || ' has not ended since it started on '
                else
                    cast(r.stale_runs as varchar)
                    || ' runs have not ended, the latest, '
                    || r.run_title
                    || ', since it started on '
            end
            || strftime(r.started_at, '%Y-%m-%d %H:%M')
            || ' UTC',
            cast(r.id as varchar)
        from live as s
        join latest_runs as r on r.site_id = s.site_id and r.is_stale and r.stale_place = 1
        union all
        select
            'run_unusual',
            'warning',
            s.account_id,
            s.site_id,
            r.id,
            r.run_id,
            null,
            r.completed_at,
            r.run_title
            || ' cost '
            || format('{:,}', cast(round(cast(u.credits as decimal(38, 9)), 0) as hugeint))
            || case when round(cast(u.credits as decimal(38, 9)), 0) = 1 then ' credit' else ' credits' end
            || ', where such runs of the site cost about '
            || format('{:,}', cast(round(cast(u.median_credits as decimal(38, 9)), 0) as hugeint)),
            cast(r.id as varchar)
        from unusual_runs as u
        join live as s on s.site_id = u.site_id
        join runs as r on r.site_id = u.site_id and r.id = u.id
        cross join windows
        where epoch_us(r.completed_at) > windows.unusual_us and epoch_us(r.completed_at) <= windows.as_of_us
        union all
        select
            'price_changed',
            case when b.rate_after > b.rate_before then 'warning' else 'info' end,
            s.account_id,
            s.site_id,
            null,
            null,
            b.stage_number,
            b.since,
            s.label
            || ': '
            || g.stage_name
            || ' costs '
            || cast(cast(round(cast(b.rate_after as decimal(38, 9)), 2) as decimal(38, 2)) as varchar)
            || ' credits an item since '
            || strftime(b.since, '%Y-%m-%d')
            || ', '
            || cast(cast(round(cast(b.rate_before as decimal(38, 9)), 2) as decimal(38, 2)) as varchar)
            || ' before',
            cast(b.stage_number as varchar)
            || ':'
            || strftime(b.since, '%Y-%m-%d')
            || 'T'
            || strftime(b.since, '%H:%M:%S')
            || 'Z'
        from latest_breaks as b
        join live as s on s.site_id = b.site_id
        join stage_parameters as g on g.stage_number = b.stage_number
        cross join windows
        where b.place = 1 and epoch_us(b.since) > windows.price_us
        union all
        select
            'cost_risen',
            'warning',
            s.account_id,
            s.site_id,
            null,
            null,
            null,
            null,
            s.label
            || ': an article costs '
            || cast(
                cast(
                    round(cast(least(c.cost_change_pct, 1e15) as decimal(38, 9)), 0) as decimal(38, 0)
                ) as varchar
            )
            || '% more than before',
            ''
        from account_article_costs as c
        join live as s on s.site_id = c.site_id
        where c.has_cost_risen
        union all
        select
            'balance_short',
            'error',
            b.account_id,
            null,
            null,
            null,
            null,
            null,
            a.label
            || ': the balance of '
            || format('{:,}', cast(round(b.available_credits, 0) as hugeint))
            || case when round(b.available_credits, 0) = 1 then ' credit' else ' credits' end
            || ' is below the '
            || coalesce(
                format('{:,}', cast(ceil(try_cast(n.budget as decimal(38, 9))) as hugeint)),
                cast(n.budget as varchar)
            )
            || ' to have for the next '
            || case
                when n.running_sites = 1
                then 'run of its site'
                else 'runs of its ' || cast(n.running_sites as varchar) || ' sites'
            end,
            ''
        from account_balances as b
        join named as a on a.account_id = b.account_id
        join budgets as n on n.account_id = b.account_id
        where cast(b.available_credits as double) < n.budget
        union all
        select
            'balance_ends',
            'warning',
            w.account_id,
            null,
            null,
            null,
            null,
            null,
            a.label
            || ': the balance of '
            || format('{:,}', cast(round(w.available_credits, 0) as hugeint))
            || case when round(w.available_credits, 0) = 1 then ' credit' else ' credits' end
            || ' lasts '
            || case
                when w.runway_days < 1
                then 'less than a day'
                else
                    'about '
                    || cast(cast(round(w.runway_days) as integer) as varchar)
                    || case when round(w.runway_days) = 1 then ' day' else ' days' end
            end
            || ' at what is spent now; no renewal is assumed',
            ''
        from runways as w
        join named as a on a.account_id = w.account_id
        cross join windows
        where w.runway_days < windows.runway_days_short
        union all
        select
            'items_failed',
            'warning',
            s.account_id,
            s.site_id,
            null,
            null,
            null,
            null,
            s.label
            || ': '
            || format('{:,}', cast(f.items as hugeint))
            || case
                when f.items = 1 then ' article or image has failed' else ' articles and images have failed'
            end
            || case
                when f.items_before > 0
                then ', ' || format('{:,}', cast(f.items_before as hugeint)) || ' at the load before'
                else ''
            end,
            cast(f.items as varchar)
        from failed_items as f
        join live as s on s.site_id = f.site_id
        where f.items > f.items_before
        union all
        select
            'schedule_missed',
            'warning',
            s.account_id,
            s.site_id,
            null,
            null,
            null,
            t.next_run_at,
            s.label
            || ': the run that was due on '
            || strftime(t.next_run_at, '%Y-%m-%d %H:%M')
            || ' UTC has not started',
            strftime(t.next_run_at, '%Y-%m-%d') || 'T' || strftime(t.next_run_at, '%H:%M:%S') || 'Z'
        from site_settings as t
        join live as s on s.site_id = t.site_id
        cross join windows
        left join runs as r on r.site_id = t.site_id and r.started_at >= t.next_run_at
        where t.is_enabled and epoch_us(t.next_run_at) < windows.due_us and r.id is null
        union all
        select
            'data_errors',
            'warning',
            s.account_id,
            s.site_id,
            null,
            null,
            null,
            null,
            s.label
            || ': '
            || format('{:,}', cast(f.findings as hugeint))
            || case when f.findings = 1 then ' error' else ' errors' end
            || ' in the data of its runs of the last '
            || cast(p.credits_window_days as varchar)
            || ' days',
            ''
        from faults as f
        join live as s on s.site_id = f.site_id
        cross join parameters as p
        union all
        select
            'source_drift',
            'info',
            null,
            null,
            null,
            null,
            null,
            d.as_of,
            case
                d.change
                when 'new'
                then 'New in the source: '
                when 'gone'
                then 'Gone from the source: '
                else 'No longer readable in the source: '
            end
            || d.object,
            d.object
        from lake.source_changes as d
        join load on load.load_number = d.load_number
    ),
    keyed as (
        select
            f.*,
            f.alert
            || ':'
            || coalesce(cast(f.account_id as varchar), '')
            || ':'
            || coalesce(cast(f.site_id as varchar), '')
            || ':'
            || f.event as alert_key,
            case f.severity when 'error' then 1 when 'warning' then 2 else 3 end as severity_rank
        from found as f
    )
select
    f.alert,
    f.severity,
    f.account_id,
    f.site_id,
    f.id,
    f.run_id,
    f.stage_number,
    f.since,
    f.message,
    f.alert_key,
    -- what came with the last load and went with this one has the same key: of a change each is new
    k.alert_key is null or f.alert = 'source_drift' as is_new,
    f.severity_rank
from keyed as f
left join lake.alert_keys as k on k.alert_key = f.alert_key
order by f.severity_rank, f.account_id, f.site_id, f.alert, f.run_id, f.stage_number, f.alert_key
