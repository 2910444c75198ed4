"""What is true of watchlists, ratings and plays, without a network, a file or a clock."""
