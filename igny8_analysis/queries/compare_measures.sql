-- One row per measure of two runs of a site ($id_a, $id_b): its value in each, and how b differs from a.
with
    figures as (
        select
            r.id,
            cast(r.total_credits_used as double) as total_credits_used,
            cast(s.items_processed as double) as items_processed,
            cast(s.items_created as double) as items_created,
            cast(s.content_created as double) as content_created,
            cast(s.images_generated as double) as images_generated,
            cast(r.duration_seconds as double) as duration_seconds,
            cast(r.active_seconds as double) as active_seconds,
            e.credits_per_item,
            e.items_per_minute,
            e.credits_per_minute
        from runs as r
        join run_summary as s on s.site_id = r.site_id and s.id = r.id
        join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
        where r.site_id = $site_id and r.id in ($id_a, $id_b)
    ),
    measures as (
        select id, measure, amount from figures unpivot include nulls(amount for measure in (* exclude id))
    )
select
    a.measure,
    a.amount as value_a,
    b.amount as value_b,
    b.amount - a.amount as difference,
    (b.amount - a.amount) / nullif(a.amount, 0) * 100 as change_pct
from measures as a
join measures as b on b.measure = a.measure
where a.id = $id_a and b.id = $id_b
