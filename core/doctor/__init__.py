"""What this machine and this workspace allow, and what to do about each limit: `ppo-console doctor`."""
