-- One row per site that will run: switched on, or at work lately where no settings say so.
with
    at_work as (
        select r.site_id
        from runs as r
        cross join current_load as l
        cross join parameters as p
        where
            epoch_us(r.started_at) > epoch_us(l.as_of) - cast(p.credits_window_days as bigint) * 86400000000
            and epoch_us(r.started_at) <= epoch_us(l.as_of)
        group by r.site_id
    )
select s.site_id, s.account_id
from sites as s
left join site_settings as t on t.site_id = s.site_id
left join at_work as w on w.site_id = s.site_id
where s.rests_as is null and coalesce(t.is_enabled, w.site_id is not null)
