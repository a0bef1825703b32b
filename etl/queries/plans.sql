select cast(id as text) as id, cast(name as text) as name, cast(included_credits as text) as included_credits
from {{ plans }}
