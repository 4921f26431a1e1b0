"""What earlier runs gave, found again by what it was made of."""
