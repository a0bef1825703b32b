select load_number, load_id, as_of, source_kind from loads order by load_number desc limit 1
