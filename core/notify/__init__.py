"""Telling people of an alert: targets and their secrets, the courier, heartbeat and metrics of a watch."""
