-- Sites whose counts by status do not add up to their runs.
select site_id, total_runs
from run_statistics
where
    total_runs <> completed_runs + failed_runs + running_runs + paused_runs + cancelled_runs + other_runs
    or other_runs < 0
