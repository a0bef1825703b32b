select * exclude (reason, checks, snapshot, id_text) from read_runs where reason is null
