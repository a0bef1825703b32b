-- One row per site with a domain, in the order of domains.
-- A step towards payloads.
-- Kept as a table: a site named by its domain is found here.
select domain, site_id, is_live, is_deleted from sites where domain is not null order by domain, site_id
