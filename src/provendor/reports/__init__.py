"""Evidence told to people and programs: the page, other forms, the last screen of a run."""
