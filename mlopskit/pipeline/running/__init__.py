"""One run: which step begins when, where its function is called, and what becomes of it."""
