-- One row per forecast method.
select
    cast(method_number as tinyint) as method_number,
    method,
    cast(usual_error as double) as usual_error,
    method_description
from
    (
        values
            (
                1,
                'original',
                1.0,
                'Pending items times the stage''s past cost, as the prediction of the overview'
            ),
            (2, 'mean_of_last_10', 0.8, 'The average of the last ten completed runs'),
            (3, 'same_as_last', 0.9, 'What the last completed run cost'),
            (
                4,
                'flow',
                0.5,
                'What will reach each stage within the run, up to its limit, at prices learned since they last changed'
            )
    ) as methods(method_number, method, usual_error, method_description)
