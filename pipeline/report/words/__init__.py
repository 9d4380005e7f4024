"""Every word of the report, a module a language; `{name}` in a text is filled in."""
