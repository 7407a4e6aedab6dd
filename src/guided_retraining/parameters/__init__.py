"""What ``conf/`` may say of a data set: typed blocks with bounds, and all of a study together."""
