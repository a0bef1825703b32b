select
    cast(id as text) as id,
    cast(tenant_id as text) as account_id,
    cast(name as text) as name,
    cast(domain as text) as domain,
    cast(is_active as text) as is_active,
    cast(is_deleted as text) as is_deleted,
    cast(created_at as text) as created_at
from {{ sites }}
