select null as object, null as is_readable where false
