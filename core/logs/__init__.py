"""A run's log files, in little memory: windows by byte offset, merged by time, searched."""
