select null as load_number, null as load_id, null as as_of, null as object, null as change where false
