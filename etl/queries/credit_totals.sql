select count(*) as items, cast({{ total }} ({{ summed }}) as text) as amount from ({{ rows }}) as calls
