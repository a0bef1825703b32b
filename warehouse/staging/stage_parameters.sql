-- One row per stage: its name, and its defaults where a site has no history.
select
    cast(stage_number as tinyint) as stage_number,
    stage_name,
    cast(default_credits_per_processed_item as double) as default_credits_per_processed_item,
    cast(default_output_ratio as double) as default_output_ratio
from
    (
        values
            (1, 'Keyword Clustering', 0.4, 0.08),
            (2, 'Idea Generation', 15, 8),
            (3, 'Task Creation', 0, 1),
            (4, 'Content Writing', 15, 1),
            (5, 'Image Prompts', 2, 3),
            (6, 'Image Generation', 5, 1),
            (7, 'Review', 0, 0)
    ) as stages(stage_number, stage_name, default_credits_per_processed_item, default_output_ratio)
