-- One row per site, stage and load that first saw its settings so: as they were read.
-- A step towards settings as forecasts know them.
select
    s.site_id,
    p.stage_number,
    s.load_number,
    s.as_of,
    s.is_present,
    s.credit_limit,
    case
        p.stage_number
        when 1
        then s.stage_1_is_on
        when 2
        then s.stage_2_is_on
        when 3
        then s.stage_3_is_on
        when 4
        then s.stage_4_is_on
        when 5
        then s.stage_5_is_on
        when 6
        then s.stage_6_is_on
        when 7
        then s.stage_7_is_on
    end as is_on,
    case
        p.stage_number
        when 1
        then s.stage_1_limit
        when 2
        then s.stage_2_limit
        when 3
        then s.stage_3_limit
        when 4
        then s.stage_4_limit
        when 5
        then s.stage_5_limit
        when 6
        then s.stage_6_limit
        when 7
        then s.stage_7_limit
    end as item_limit,
    case
        p.stage_number
        when 1
        then s.stage_1_batch_size
        when 2
        then s.stage_2_batch_size
        when 3
        then s.stage_3_batch_size
        when 4
        then s.stage_4_batch_size
        when 5
        then s.stage_5_batch_size
        when 6
        then s.stage_6_batch_size
    end as batch_size,
    s.load_number = max(s.load_number) over (partition by s.site_id, p.stage_number) as is_latest
from lake.automation_settings as s
cross join stage_parameters as p
