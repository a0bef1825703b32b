-- Sites whose counts by status do not add up to their runs: a status of run_statuses has no count of its own.
select site_id, total_runs
from run_statistics
where total_runs <> completed_runs + failed_runs + running_runs + paused_runs + cancelled_runs + other_runs
