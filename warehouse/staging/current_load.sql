-- One row: the load that made this version, and its instant.
-- Kept as a table: read by nearly every view.
select load_number, load_id, as_of from loads where load_number = (select max(load_number) from loads)
