"""What was tried, with which parameters, and how it went: runs, their metrics and their artifacts."""
