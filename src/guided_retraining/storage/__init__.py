"""Files that are there whole or not at all, on disks and behind URLs, and stores of finished pieces of work."""
