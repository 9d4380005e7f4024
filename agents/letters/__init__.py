"""What ``vigie dlq`` does with dead letters: read them, survey them, redrive them, delete them."""
