"""Answer the pages of persons who sign in, below `/console/live/` and `/console/exercise/`."""
