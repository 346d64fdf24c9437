"""Write the pages of persons who sign in: the live service's, and those of the exercise, which look otherwise."""
