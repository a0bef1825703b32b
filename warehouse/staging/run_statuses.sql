-- One row per run status that the source is known to use: whether such a run is under way or has ended.
select status, is_open, is_ended
from
    (
        values
            ('running', true, false),
            ('paused', true, false),
            ('completed', false, true),
            ('failed', false, true),
            ('cancelled', false, true)
    ) as statuses(status, is_open, is_ended)
