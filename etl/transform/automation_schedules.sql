select site_id, last_run_at, next_run_at from read_settings
