-- One row per finding about the data of a site, a run or a stage.
-- Renewed: whole.
with
    load as (select epoch_us(as_of) as as_of_us from current_load),
    ended as (
        select
            r.site_id,
            r.id,
            r.run_id,
            r.status,
            r.is_stale,
            case
                when cast(r.started_at at time zone 'UTC' as date) < p.locks_mended_on
                then
                    '; until '
                    || cast(p.locks_mended_on as varchar)
                    || ' a paused run did not hold the next one back, and a cancelled one kept its lock'
                else ''
            end as old_bug,
            epoch_us(r.started_at) as started_us,
            max(
                case
                    when r.is_stale
                    then null
                    when r.is_open
                    then load.as_of_us
                    else epoch_us(coalesce(r.completed_at, r.cancelled_at))
                end
            ) over (
                partition by r.site_id
                order by epoch_us(r.started_at)
                range between unbounded preceding and 1 preceding
            ) as earlier_end_us
        from runs as r
        cross join load
        cross join parameters as p
    ),
    repeated as (
        select site_id, id, run_id, count(*) over (partition by site_id, run_id) as runs_of_the_name from runs
    ),
    run_findings as (
        select
            'overlapping_runs' as check_name,
            'warning' as severity,
            site_id,
            id,
            run_id,
            cast(null as tinyint) as stage_number,
            'starts before an earlier run of the site has ended' || old_bug as detail
        from ended
        where started_us < earlier_end_us
        union all
        select
            'stale_run',
            'warning',
            r.site_id,
            r.id,
            r.run_id,
            null,
            r.status
            || ' and started more than '
            || cast(p.stale_after_hours as varchar)
            || ' hours ago'
            || r.old_bug
        from ended as r
        cross join parameters as p
        where r.is_stale
        union all
        select
            'completed_without_end', 'error', site_id, id, run_id, null, 'completed, but without an end time'
        from runs
        where status = 'completed' and completed_at is null
        union all
        select 'end_before_start', 'error', site_id, id, run_id, null, 'its end lies before its start'
        from runs
        where completed_at < started_at
        union all
        select
            'credits_not_reconciled',
            'warning',
            r.site_id,
            r.id,
            r.run_id,
            null,
            'charged '
            || regexp_replace(cast(r.total_credits_used as varchar), '[.]?0+$', '')
            || ' credits, its stages report '
            || regexp_replace(cast(s.stages_credits_used as varchar), '[.]?0+$', '')
        from runs as r
        join run_summary as s on s.site_id = r.site_id and s.id = r.id
        where r.is_ended and r.total_credits_used <> s.stages_credits_used
        union all
        select 'unknown_status', 'info', r.site_id, r.id, r.run_id, null, 'status ' || r.status
        from runs as r
        left join run_statuses as t on t.status = r.status
        where t.status is null
        union all
        select 'unknown_trigger_type', 'info', site_id, id, run_id, null, 'trigger type ' || trigger_type
        from runs
        where trigger_type not in ('manual', 'scheduled', 'test')
        union all
        select
            'repeated_run_id',
            'error',
            site_id,
            id,
            run_id,
            null,
            cast(runs_of_the_name as varchar) || ' runs of the site share this run_id'
        from repeated
        where runs_of_the_name > 1
        union all
        select
            'result_beyond_current_stage',
            'warning',
            g.site_id,
            g.id,
            g.run_id,
            g.stage_number,
            'has a result, though the run is at stage ' || cast(r.current_stage as varchar)
        from run_stages as g
        join runs as r on r.site_id = g.site_id and r.id = g.id
        where g.has_result and g.stage_number > r.current_stage
    ),
    value_findings as (
        select
            check_name,
            case
                when check_name = 'unknown_result_key'
                then 'info'
                when check_name in ('missing_site', 'repeated_settings')
                then 'warning'
                else 'error'
            end as severity,
            site_id,
            id,
            run_id,
            stage_number,
            case
                when check_name = 'missing_site'
                then 'runs, items, settings or the ledger name this site, the source has no row for it'
                when check_name = 'repeated_settings'
                then value_text || ' of automation settings for this site; the one of the highest id counts'
                else
                    key
                    || coalesce(' of account ' || cast(account_id as varchar), '')
                    || coalesce(' is ' || substr(value_text, 1, 200), '')
            end as detail
        from lake.value_findings
    )
select
    check_name,
    severity,
    site_id,
    id,
    run_id,
    stage_number,
    detail,
    case severity when 'error' then 1 when 'warning' then 2 else 3 end as severity_rank
from
    (
        select check_name, severity, site_id, id, run_id, stage_number, detail
        from run_findings
        union all
        select check_name, severity, site_id, id, run_id, stage_number, detail
        from value_findings
    )
