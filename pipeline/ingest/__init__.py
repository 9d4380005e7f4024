"""What a source of posts has to know, without a network, a disk or a clock: what is missing, when to ask again."""
