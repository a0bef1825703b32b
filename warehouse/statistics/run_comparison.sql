-- One row per run: the run as a whole beside its baseline.
with
    load as (select as_of from current_load),
    limits as (select sufficient_runs from parameters),
    rates as (
        select
            k.site_id,
            k.id,
            coalesce(b.total_runs_analyzed, 0) as total_runs_analyzed,
            cast(b.items_created as double)
            / nullif(cast(b.total_runs_analyzed as double), 0) as baseline_avg_items_created,
            cast(b.items_created as double)
            / nullif(cast(b.duration_seconds as double) / 60, 0) as baseline_items_per_minute,
            cast(b.total_credits_used as double)
            / nullif(cast(b.duration_seconds as double) / 60, 0) as baseline_credits_per_minute
        from completions_before as k
        left join run_state as b on b.site_id = k.site_id and b.completion_number = k.completions_before
    ),
    compared as (
        select
            r.site_id,
            r.id,
            r.status = 'completed' and b.has_sufficient_data as is_comparable,
            b.has_sufficient_data,
            b.total_runs_analyzed,
            greatest(limits.sufficient_runs - b.total_runs_analyzed, 0) as runs_needed,
            b.avg_credits as baseline_avg_credits,
            b.avg_duration_seconds as baseline_avg_duration_seconds,
            b.avg_credits_per_item as baseline_credits_per_item,
            t.baseline_avg_items_created,
            t.baseline_items_per_minute,
            t.baseline_credits_per_minute,
            e.credits_per_item,
            e.items_per_minute,
            e.credits_per_minute
        from runs as r
        join run_baseline as b on b.site_id = r.site_id and b.id = r.id
        join rates as t on t.site_id = r.site_id and t.id = r.id
        join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
        cross join limits
    )
select
    r.site_id,
    r.id,
    r.run_id,
    r.run_title,
    sites.label as site_label,
    r.status,
    r.trigger_type,
    r.is_open,
    r.is_ended,
    r.is_cut_short,
    r.current_stage,
    r.started_at,
    r.completed_at,
    case when r.is_open then load.as_of end as as_of,
    r.duration_seconds,
    case
        when r.is_open and r.started_at <= load.as_of
        then cast(epoch_us(load.as_of) - epoch_us(r.started_at) as double) / 1e6
    end as duration_so_far_seconds,
    r.active_seconds,
    r.total_credits_used,
    r.error_message,
    s.items_processed,
    s.items_created,
    s.content_created,
    s.images_generated,
    s.stages,
    s.stages_completed,
    s.stages_failed,
    c.total_runs_analyzed,
    c.has_sufficient_data,
    c.is_comparable,
    c.runs_needed,
    c.baseline_avg_credits,
    c.baseline_avg_duration_seconds,
    c.baseline_avg_items_created,
    case
        when c.is_comparable
        then
            (cast(r.total_credits_used as double) - c.baseline_avg_credits)
            / nullif(c.baseline_avg_credits, 0)
            * 100
    end as credits_change_pct,
    case
        when c.is_comparable
        then
            (r.duration_seconds - c.baseline_avg_duration_seconds)
            / nullif(c.baseline_avg_duration_seconds, 0)
            * 100
    end as duration_change_pct,
    case
        when c.is_comparable
        then
            (cast(s.items_created as double) - c.baseline_avg_items_created)
            / nullif(c.baseline_avg_items_created, 0)
            * 100
    end as items_change_pct,
    c.credits_per_item,
    c.items_per_minute,
    c.credits_per_minute,
    c.baseline_credits_per_item,
    c.baseline_items_per_minute,
    c.baseline_credits_per_minute,
    case
        when c.is_comparable
        then (c.credits_per_item - c.baseline_credits_per_item) / nullif(c.baseline_credits_per_item, 0) * 100
    end as credits_per_item_change_pct,
    case
        when c.is_comparable
        then (c.items_per_minute - c.baseline_items_per_minute) / nullif(c.baseline_items_per_minute, 0) * 100
    end as items_per_minute_change_pct,
    case
        when c.is_comparable
        then
            (c.credits_per_minute - c.baseline_credits_per_minute)
            / nullif(c.baseline_credits_per_minute, 0)
            * 100
    end as credits_per_minute_change_pct
from runs as r
join sites on sites.site_id = r.site_id
join run_summary as s on s.site_id = r.site_id and s.id = r.id
join compared as c on c.site_id = r.site_id and c.id = r.id
cross join load
