"""What it costs: each figure beside that of a bare client, measured from outside (`make bench`)."""
