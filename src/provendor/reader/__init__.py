"""Contract files to the frozen classes of `contract`, or every problem with its place."""
