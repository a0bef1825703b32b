-- One row per method that forecasts spend.
select
    cast(method_number as tinyint) as method_number,
    method,
    cast(champion_margin as double) as champion_margin,
    method_description
from
    (
        values
            (
                1,
                'rhythm',
                1,
                'When its next runs are due by its last gaps, at their mean cost, and the rate of 28 days'
            ),
            (
                2,
                'rhythm_of_month',
                1.05,
                'The same, with more or less spent early, midway or late in a month, as before'
            ),
            (
                3,
                'recent_rate',
                1.1,
                'Credits of the runs started in the 28 days before, a day, times the days ahead'
            ),
            (
                4,
                'runs_times_cost',
                1.1,
                'Runs started in the 28 days before, a day, times the mean cost of the last ten'
            ),
            (5, 'same_as_before', 1.1, 'What the same number of days before cost')
    ) as methods(method_number, method, champion_margin, method_description)
