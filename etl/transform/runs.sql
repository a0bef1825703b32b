select * exclude (reason, checks, snapshot, id_text, credits_text) from read_runs where reason is null
