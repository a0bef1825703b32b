-- One row per insight of a run, numbered in reading order.
-- Kept as a table: asked of one run at a time.
with
    limits as (select sufficient_runs, efficiency_threshold_pct, variance_threshold_pct from parameters),
    compared as (
        select
            r.site_id,
            r.id,
            r.run_id,
            r.status,
            r.is_ended,
            r.is_cut_short,
            ' at stage '
            || cast(r.current_stage as varchar)
            || coalesce(' (' || p.stage_name || ')', '') as at_stage,
            case
                when trim(coalesce(r.error_message, ''), ' ' || chr(9) || chr(10) || chr(13)) <> ''
                then ': ' || r.error_message
                else ''
            end as because,
            round(
                cast(r.total_credits_used - s.stages_credits_used as decimal(38, 9)), 0
            ) as unattributed_credits,
            b.total_runs_analyzed,
            b.has_sufficient_data,
            case
                when b.has_sufficient_data
                then
                    round(
                        try_cast(
                            (e.credits_per_item - b.avg_credits_per_item)
                            / nullif(b.avg_credits_per_item, 0)
                            * 100 as decimal(38, 9)
                        ),
                        0
                    )
            end as efficiency_pct
        from runs as r
        join run_summary as s on s.site_id = r.site_id and s.id = r.id
        join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
        join run_baseline as b on b.site_id = r.site_id and b.id = r.id
        left join stage_parameters as p on p.stage_number = r.current_stage
    ),
    stage_variances as (
        select
            v.site_id,
            v.id,
            v.run_id,
            r.status,
            v.stage_number,
            v.stage_name,
            round(try_cast(v.credit_variance_pct as decimal(38, 9)), 0) as credits_pct,
            round(try_cast(v.items_variance_pct as decimal(38, 9)), 0) as items_pct
        from stage_comparison as v
        join runs as r on r.site_id = v.site_id and r.id = v.id
    ),
    insights as (
        select
            site_id,
            id,
            run_id,
            1 as rank,
            0 as stage_number,
            'error' as type,
            case when status = 'failed' then 'error' else 'warning' end as severity,
            case
                when status = 'failed'
                then 'This run failed' || coalesce(at_stage, '') || because
                else 'This run was cancelled' || coalesce(at_stage, '')
            end as message
        from compared
        where is_cut_short
        union all
        select
            site_id,
            id,
            run_id,
            2,
            stage_number,
            'error',
            'error',
            stage_name || ' reported an error: ' || error
        from run_stages
        where error is not null
        union all
        select
            c.site_id,
            c.id,
            c.run_id,
            3,
            0,
            case when c.efficiency_pct < 0 then 'success' else 'variance' end,
            case when c.efficiency_pct < 0 then 'info' else 'warning' end,
            'This run was '
            || cast(cast(abs(c.efficiency_pct) as decimal(38, 0)) as varchar)
            || case when c.efficiency_pct < 0 then '% more' else '% less' end
            || ' credit-efficient than average'
        from compared as c
        cross join limits
        where c.status = 'completed' and abs(c.efficiency_pct) >= limits.efficiency_threshold_pct
        union all
        select
            v.site_id,
            v.id,
            v.run_id,
            case when v.credits_pct > 0 then 4 else 5 end,
            v.stage_number,
            'variance',
            case when v.credits_pct > 0 then 'warning' else 'info' end,
            v.stage_name
            || ' used '
            || cast(cast(abs(v.credits_pct) as decimal(38, 0)) as varchar)
            || case when v.credits_pct > 0 then '% higher' else '% lower' end
            || ' credits than average'
        from stage_variances as v
        cross join limits
        where v.status = 'completed' and abs(v.credits_pct) > limits.variance_threshold_pct
        union all
        select
            v.site_id,
            v.id,
            v.run_id,
            6,
            v.stage_number,
            'variance',
            case when v.items_pct > 0 then 'info' else 'warning' end,
            v.stage_name
            || ' created '
            || cast(cast(abs(v.items_pct) as decimal(38, 0)) as varchar)
            || case when v.items_pct > 0 then '% more' else '% fewer' end
            || ' items than average'
        from stage_variances as v
        cross join limits
        where v.status = 'completed' and abs(v.items_pct) > limits.variance_threshold_pct
        union all
        select
            site_id,
            id,
            run_id,
            7,
            0,
            'reconciliation',
            'warning',
            case
                when unattributed_credits > 0
                then
                    cast(cast(unattributed_credits as decimal(38, 0)) as varchar)
                    || ' credits of this run are not attributed to any stage'
                else
                    'The stages account for '
                    || cast(cast(- unattributed_credits as decimal(38, 0)) as varchar)
                    || ' more credits than the run'
            end
        from compared
        where is_ended and abs(unattributed_credits) >= 1
        union all
        select
            c.site_id,
            c.id,
            c.run_id,
            8,
            0,
            'history',
            'info',
            case
                c.total_runs_analyzed
                when 0
                then 'No completed run'
                when 1
                then 'Only 1 completed run'
                else 'Only ' || cast(c.total_runs_analyzed as varchar) || ' completed runs'
            end
            || ' before this one: at least '
            || cast(limits.sufficient_runs as varchar)
            || ' are needed for a comparison'
        from compared as c
        cross join limits
        where c.status = 'completed' and not c.has_sufficient_data
    )
select
    site_id,
    id,
    run_id,
    row_number() over (partition by site_id, id order by rank, stage_number) as insight_number,
    nullif(stage_number, 0) as stage_number,
    type,
    severity,
    message
from insights
order by site_id, id, insight_number
