"""Answer what happened to alerts, for the routes of the API and for the pages of the desk alike."""
