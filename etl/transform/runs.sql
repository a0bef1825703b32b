select * exclude (snapshot, {{ as_read_alone }}) from read_runs where reason is null
