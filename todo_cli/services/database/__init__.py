"""What a maintainer does with a database, and which ones there are."""
