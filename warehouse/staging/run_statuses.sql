-- One row per run status that the source is known to use: how a run of it stands, and its current stage.
select status, is_open, is_ended, is_cut_short, current_stage_outcome
from
    (
        values
            ('running', true, false, false, 'in progress'),
            ('paused', true, false, false, 'paused here'),
            ('completed', false, true, false, null),
            ('failed', false, true, true, 'stopped here'),
            ('cancelled', false, true, true, 'cancelled here')
    ) as statuses(status, is_open, is_ended, is_cut_short, current_stage_outcome)
