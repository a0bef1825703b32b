select
    cast(id as text) as id,
    cast(name as text) as name,
    cast(slug as text) as slug,
    cast(status as text) as status,
    cast(credits as text) as credits,
    cast(bonus_credits as text) as bonus_credits,
    cast(plan_id as text) as plan_id,
    cast(is_deleted as text) as is_deleted,
    cast(created_at as text) as created_at
from {{ accounts }}
