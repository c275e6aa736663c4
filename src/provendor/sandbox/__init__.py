"""Cases asked live: who is asked, who falls back, what is written, undone and compared."""
