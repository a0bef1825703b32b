select
    count(*) as items,
    cast(
        sum(
            case
                when
                    trim(total, '0123456789.') = ''
                    and trim(total, '.') <> ''
                    and total not like '%.%.%'
                    and length(total) <= 30
                    and (length(total) <= 18 or substr(total, 1, 19) like '%.%')
                then round(cast(total as numeric), 6)
            end
        ) as text
    ) as credits
from (select cast(total_credits_used as text) as total from {{ automation_runs }}) as totals
