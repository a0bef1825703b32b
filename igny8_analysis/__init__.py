"""Numbers to people: `connect()` to a warehouse, payloads, charts, reports and the command line."""
