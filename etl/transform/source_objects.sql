select table_name, column_name, is_readable from found_objects
