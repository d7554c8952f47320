"""What is proved of a home and its plans before they are used, and watched while they run."""
