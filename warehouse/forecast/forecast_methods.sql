-- One row per forecast method.
select cast(method_number as tinyint) as method_number, method, method_description
from
    (
        values
            (1, 'original', 'Pending items times the stage''s past cost, as the prediction of the overview'),
            (2, 'mean_of_last_10', 'The average of the last ten completed runs'),
            (3, 'same_as_last', 'What the last completed run cost'),
            (
                4,
                'flow',
                'What will reach each stage within the run, up to its limit, at prices learned since they last changed'
            )
    ) as methods(method_number, method, method_description)
