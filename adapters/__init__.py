"""What touches the world: HTTP, clocks, files, terminals; and what drives the use cases."""
