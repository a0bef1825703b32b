-- One row per method that forecasts spend.
select cast(method_number as tinyint) as method_number, method, method_description
from
    (
        values
            (
                1,
                'rhythm',
                'When its next runs are due by its last gaps, at their mean cost, and the rate of 28 days'
            ),
            (
                2,
                'rhythm_of_month',
                'The same, with more or less spent early, midway or late in a month, as before'
            ),
            (
                3,
                'recent_rate',
                'Credits of the runs started in the 28 days before, a day, times the days ahead'
            ),
            (
                4,
                'runs_times_cost',
                'Runs started in the 28 days before, a day, times the mean cost of the last ten'
            ),
            (5, 'same_as_before', 'What the same number of days before cost')
    ) as methods(method_number, method, method_description)
