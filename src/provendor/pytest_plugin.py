"""The pytest driver: one test per case of every contract."""
