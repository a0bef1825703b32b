-- One row per site with automation settings: when its runs start by themselves, and their credit limit.
-- Kept as a table: asked of one site at a time.
with
    latest as (select site_id, max(load_number) as load_number from lake.automation_settings group by site_id)
select s.site_id, s.is_enabled, s.frequency, s.scheduled_time, d.last_run_at, d.next_run_at, s.credit_limit
from lake.automation_settings as s
join latest as l on l.site_id = s.site_id and l.load_number = s.load_number
left join lake.automation_schedules as d on d.site_id = s.site_id
where s.is_present
order by s.site_id
