"""A study that grows: which design comes next, what it takes, and what was found on the way."""
