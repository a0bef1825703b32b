-- One row per site with automation settings: when its runs start by themselves, and their credit limit.
-- Kept as a table: asked of one site at a time.
select s.site_id, s.is_enabled, s.frequency, s.scheduled_time, d.last_run_at, d.next_run_at, s.credit_limit
from current_settings as s
left join lake.automation_schedules as d on d.site_id = s.site_id
order by s.site_id
