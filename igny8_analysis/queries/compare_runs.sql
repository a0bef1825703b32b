-- One row per run of a pair ($id_a, $id_b) of a site: what it took, made and cost, and how fast.
select
    r.id,
    r.run_id,
    r.run_number,
    r.run_title,
    t.label as site_label,
    r.status,
    r.trigger_type,
    r.started_at,
    r.completed_at,
    r.duration_seconds,
    r.active_seconds,
    r.total_credits_used,
    s.items_processed,
    s.items_created,
    s.content_created,
    s.images_generated,
    e.credits_per_item,
    e.items_per_minute,
    e.credits_per_minute
from runs as r
join sites as t on t.site_id = r.site_id
join run_summary as s on s.site_id = r.site_id and s.id = r.id
join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
where r.site_id = $site_id and r.id in ($id_a, $id_b)
