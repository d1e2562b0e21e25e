"""What the house style promises, checked."""
