select * exclude (checks) from read_stages
