"""A run's log files where a person looks: windows by byte offset, merged by time, searched, in little memory."""
