-- One row per stage: the stage whose output it takes in.
select cast(stage_number as tinyint) as stage_number, cast(fed_by as tinyint) as fed_by
from (values (1, null), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 4)) as feeds(stage_number, fed_by)
