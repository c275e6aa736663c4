"""Live calls: HTTP over libcurl, deadlines, tries, pace, tokens, and the guard that keeps the network off."""
