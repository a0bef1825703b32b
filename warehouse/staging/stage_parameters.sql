-- One row per stage: its name, what it takes in, from where, what it makes, and its defaults.
select
    cast(stage_number as tinyint) as stage_number,
    stage_name,
    cast(fed_by as tinyint) as fed_by,
    takes_in,
    makes,
    is_for_images,
    cast(default_credits_per_processed_item as double) as default_credits_per_processed_item,
    cast(default_output_ratio as double) as default_output_ratio
from
    (
        values
            (1, 'Keyword Clustering', null, 'keywords', 'clusters', false, 0.4, 0.08),
            (2, 'Idea Generation', 1, 'clusters', 'ideas', false, 15, 8),
            (3, 'Task Creation', 2, 'ideas', 'tasks', false, 0, 1),
            (4, 'Content Writing', 3, 'articles to write', 'articles', false, 15, 1),
            (5, 'Image Prompts', 4, 'articles without image prompts', 'image prompts', true, 2, 3),
            (6, 'Image Generation', 5, 'images', 'images', true, 5, 1),
            (7, 'Review', 4, 'articles to review', null, false, 0, 0)
    ) as stages(
        stage_number,
        stage_name,
        fed_by,
        takes_in,
        makes,
        is_for_images,
        default_credits_per_processed_item,
        default_output_ratio
    )
