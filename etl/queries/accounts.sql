select
    cast(id as text) as id,
    cast(name as text) as name,
    cast(slug as text) as slug,
    cast(status as text) as status,
    cast(credits as text) as credits,
    cast(created_at as text) as created_at
from {accounts}
