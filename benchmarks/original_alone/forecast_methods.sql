-- One row: the method itself.
select cast(1 as tinyint) as method_number, 'original' as method
