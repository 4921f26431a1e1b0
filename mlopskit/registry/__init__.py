"""The registry room: numbered model versions, the aliases that name them, and who decided what, when and why."""
