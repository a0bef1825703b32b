select
    source_table,
    row_number() over (partition by source_table order by row_key nulls first, reason) as row_number,
    row_key,
    reason
from unreadable
