"""Whether what must be gone is gone: every topic read from its beginning for posts, accounts and texts."""
