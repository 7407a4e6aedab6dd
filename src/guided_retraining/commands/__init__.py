"""What the ``kedro guided`` commands do; ``cli.py`` only takes their arguments."""
