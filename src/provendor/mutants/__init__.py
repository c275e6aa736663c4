"""What a contract would catch: recorded answers broken as vendors break them, and what must not hurt."""
