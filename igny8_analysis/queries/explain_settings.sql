select
    a.load_number,
    a.as_of,
    a.is_present,
    a.is_enabled,
    a.frequency,
    a.scheduled_time,
    a.credit_limit,
    s.last_run_at,
    s.next_run_at
from lake.automation_settings as a
left join lake.automation_schedules as s on s.site_id = a.site_id
where a.site_id = {{ site_id }}
order by a.load_number desc
