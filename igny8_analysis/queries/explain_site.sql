select site_id, domain, name, account_id, account_name from sites where site_id = {{ site_id }}
