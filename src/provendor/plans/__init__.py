"""What a case asks beyond one request: flows, pages, calls of MCP servers, deliveries."""
