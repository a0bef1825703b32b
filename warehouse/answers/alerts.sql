-- One row per thing that needs someone: what, since when, about which account, site, run or stage.
-- Kept as a table: it is asked by the second, and the next load compares its own with these.
-- Renewed: whole.
with
    load as (
        select
            load_number,
            as_of,
            epoch_us(as_of) as as_of_us,
            cast(as_of at time zone 'UTC' as date) as as_of_on
        from current_load
    ),
    live as (
        select site_id, account_id, substring(label, 1, 80) as label, is_active from sites where is_live
    ),
    ended as (
        select
            r.site_id,
            r.id,
            row_number() over (partition by r.site_id order by r.started_at desc, r.id desc) as place
        from runs as r
        where r.is_ended
    ),
    failed_runs as (
        select
            'run_failed' as alert,
            'error' as severity,
            s.account_id,
            s.site_id,
            r.id,
            r.run_id,
            case when p.stage_number is not null then p.stage_number end as stage_number,
            coalesce(r.completed_at, r.started_at) as since,
            r.run_title
            || ' failed'
            || coalesce(' at ' || p.stage_name, '')
            || coalesce(': ' || substring(nullif(trim(r.error_message), ''), 1, 160), '') as message,
            cast(r.id as varchar) as event
        from live as s
        join ended as e on e.site_id = s.site_id and e.place = 1
        join runs as r on r.site_id = e.site_id and r.id = e.id
        left join stage_parameters as p on p.stage_number = r.current_stage
        where r.status = 'failed'
    ),
    stale as (
        select
            r.site_id,
            r.id,
            count(*) over (partition by r.site_id) as stale_runs,
            row_number() over (partition by r.site_id order by r.started_at desc, r.id desc) as place
        from runs as r
        where r.is_stale
    ),
    stale_runs(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
                when e.stale_runs = 1
                then r.run_title || ' has not ended since it started on '
                else
                    cast(e.stale_runs as varchar)
                    || ' runs have not ended, the latest, '
                    || r.run_title
                    || ', since it started on '
            end
            || strftime(r.started_at, '%Y-%m-%d %H:%M')
            || ' UTC',
            cast(r.id as varchar)
        from live as s
        join stale as e on e.site_id = s.site_id and e.place = 1
        join runs as r on r.site_id = e.site_id and r.id = e.id
    ),
    odd_runs(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
            || cast(cast(round(cast(u.credits as decimal(38, 9)), 0) as decimal(38, 0)) as varchar)
            || ' credits, where such runs of the site cost about '
            || cast(cast(round(cast(u.median_credits as decimal(38, 9)), 0) as decimal(38, 0)) as varchar),
            cast(r.id as varchar)
        from unusual_runs as u
        join live as s on s.site_id = u.site_id
        join runs as r on r.site_id = u.site_id and r.id = u.id
        cross join load
        cross join alert_parameters as p
        where
            epoch_us(r.completed_at) > load.as_of_us - cast(p.unusual_within_days as bigint) * 86400000000
            and epoch_us(r.completed_at) <= load.as_of_us
    ),
    latest_breaks as (
        select
            b.site_id,
            b.stage_number,
            b.since,
            b.rate_before,
            b.rate_after,
            row_number() over (partition by b.site_id, b.stage_number order by b.since desc) as place
        from price_breaks as b
        cross join load
        where epoch_us(b.since) <= load.as_of_us
    ),
    new_prices(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
        cross join load
        cross join alert_parameters as p
        where
            b.place = 1
            and epoch_us(b.since) > load.as_of_us - cast(p.price_within_days as bigint) * 86400000000
    ),
    risen_costs(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
            || cast(cast(round(cast(c.cost_change_pct as decimal(38, 9)), 0) as decimal(38, 0)) as varchar)
            || '% more than before',
            ''
        from account_article_costs as c
        join live as s on s.site_id = c.site_id
        where c.has_cost_risen
    ),
    -- sites that will run: switched on, or without settings and at work within the last thirty days
    at_work as (
        select r.site_id
        from runs as r
        cross join load
        cross join parameters as p
        where
            epoch_us(r.started_at) > load.as_of_us - cast(p.credits_window_days as bigint) * 86400000000
            and epoch_us(r.started_at) <= load.as_of_us
        group by r.site_id
    ),
    needs as (
        select s.account_id, count(*) as sites, sum(coalesce(f.budget_90, f.credits)) as credits
        from live as s
        join forecast_totals as f on f.site_id = s.site_id and f.is_champion
        left join site_settings as t on t.site_id = s.site_id
        left join at_work as w on w.site_id = s.site_id
        where coalesce(s.is_active, true) and (t.is_enabled or (t.site_id is null and w.site_id is not null))
        group by s.account_id
    ),
    short_balances(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
        select
            'balance_short',
            'error',
            b.account_id,
            null,
            null,
            null,
            null,
            null,
            'The balance of '
            || cast(cast(round(b.available_credits, 0) as decimal(38, 0)) as varchar)
            || ' credits is below the '
            || cast(cast(ceil(cast(n.credits as decimal(38, 9))) as decimal(38, 0)) as varchar)
            || ' to have for the next '
            || case
                when n.sites = 1
                then 'run of its site'
                else 'runs of its ' || cast(n.sites as varchar) || ' sites'
            end,
            ''
        from account_balances as b
        join needs as n on n.account_id = b.account_id
        where cast(b.available_credits as double) < n.credits
    ),
    ending_balances(
        alert,
        severity,
        account_id,
        site_id,
        id,
        run_id,
        stage_number,
        since,
        message,
        event
    ) as (
        select
            'balance_ends',
            'warning',
            w.account_id,
            null,
            null,
            null,
            null,
            null,
            case
                when w.runway_days < 1
                then
                    'The balance of '
                    || cast(cast(round(w.available_credits, 0) as decimal(38, 0)) as varchar)
                    || ' credits lasts less than a day'
                else
                    'The balance of '
                    || cast(cast(round(w.available_credits, 0) as decimal(38, 0)) as varchar)
                    || ' credits lasts about '
                    || cast(cast(round(w.runway_days) as integer) as varchar)
                    || case when round(w.runway_days) = 1 then ' day' else ' days' end
            end
            || ' at what is spent now; no renewal is assumed',
            ''
        from runways as w
        cross join alert_parameters as p
        where w.runway_days < p.runway_days_short
    ),
    earlier_loads as (
        select max(l.load_number) as load_number
        from loads as l
        cross join load
        where l.load_number < load.load_number
    ),
    failed_before as (
        select i.site_id, sum(i.items) as items
        from pipeline_items as i
        join earlier_loads as e on e.load_number = i.load_number
        where
            (i.entity = 'content' and (i.status = 'failed' or i.site_status = 'failed'))
            or (i.entity = 'images' and i.status = 'failed')
        group by i.site_id
    ),
    failed_items(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
            || cast(a.failed_content + a.failed_images as varchar)
            || case
                when a.failed_content + a.failed_images = 1
                then ' article or image has failed'
                else ' articles and images have failed'
            end
            || case
                when b.items > 0 then ', ' || cast(b.items as varchar) || ' at the load before' else ''
            end,
            cast(a.failed_content + a.failed_images as varchar)
        from attention_items as a
        join live as s on s.site_id = a.site_id
        left join failed_before as b on b.site_id = a.site_id
        where a.failed_content + a.failed_images > coalesce(b.items, 0)
    ),
    missed as (
        select s.account_id, s.site_id, s.label, t.next_run_at
        from site_settings as t
        join live as s on s.site_id = t.site_id
        cross join load
        cross join alert_parameters as p
        left join runs as r on r.site_id = t.site_id and r.started_at >= t.next_run_at
        where
            t.is_enabled
            and epoch_us(t.next_run_at) < load.as_of_us - cast(p.schedule_grace_hours as bigint) * 3600000000
            and r.id is null
    ),
    missed_schedules(
        alert,
        severity,
        account_id,
        site_id,
        id,
        run_id,
        stage_number,
        since,
        message,
        event
    ) as (
        select
            'schedule_missed',
            'warning',
            account_id,
            site_id,
            null,
            null,
            null,
            next_run_at,
            label
            || ': the run that was due on '
            || strftime(next_run_at, '%Y-%m-%d %H:%M')
            || ' UTC has not started',
            strftime(next_run_at, '%Y-%m-%d') || 'T' || strftime(next_run_at, '%H:%M:%S') || 'Z'
        from missed
    ),
    faults as (
        select q.site_id, count(*) as findings
        from data_quality as q
        join runs as r on r.site_id = q.site_id and r.id = q.id
        cross join load
        cross join parameters as p
        where
            q.severity = 'error'
            and epoch_us(r.started_at) > load.as_of_us - cast(p.credits_window_days as bigint) * 86400000000
            and epoch_us(r.started_at) <= load.as_of_us
        group by q.site_id
    ),
    data_errors(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
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
            || cast(f.findings as varchar)
            || case when f.findings = 1 then ' error' else ' errors' end
            || ' in the data of its runs of the last 30 days',
            ''
        from faults as f
        join live as s on s.site_id = f.site_id
    ),
    drifts(alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event) as (
        select
            'source_drift',
            'info',
            null,
            null,
            null,
            null,
            null,
            d.as_of,
            case when d.change = 'new' then 'New in the source: ' else 'Gone from the source: ' end
            || d.object,
            d.object
        from lake.source_changes as d
        join load on load.load_number = d.load_number
    ),
    found as (
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from failed_runs
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from stale_runs
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from odd_runs
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from new_prices
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from risen_costs
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from short_balances
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from ending_balances
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from failed_items
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from missed_schedules
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from data_errors
        union all
        select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, event
        from drifts
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
    f.alert
    || ':'
    || coalesce(cast(f.account_id as varchar), '')
    || ':'
    || coalesce(cast(f.site_id as varchar), '')
    || ':'
    || f.event as alert_key,
    k.alert_key is null as is_new,
    case f.severity when 'error' then 1 when 'warning' then 2 else 3 end as severity_rank
from found as f
left join
    lake.alert_keys as k
    on k.alert_key
    = f.alert
    || ':'
    || coalesce(cast(f.account_id as varchar), '')
    || ':'
    || coalesce(cast(f.site_id as varchar), '')
    || ':'
    || f.event
order by severity_rank, f.account_id, f.site_id, f.alert, f.run_id, f.stage_number
