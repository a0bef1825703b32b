select
    w.account_id,
    round(w.available_credits, 0) as balance,
    cast(round(w.runway_days) as bigint) as days,
    w.ends_on,
    w.runway_days > p.runway_days_told as is_over_a_year
from runways as w
cross join spend_parameters as p
where {{ account_w }}
