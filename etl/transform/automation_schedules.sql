select null as site_id, null as last_run_at, null as next_run_at where false
