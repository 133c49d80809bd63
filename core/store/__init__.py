"""The workspace's SQLite database: ticks, acknowledgements, alert transitions, the audit log."""
