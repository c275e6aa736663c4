"""JSON Schema: compiled once, what does not fit in few words, and what a schema or an answer holds in each place."""
