"""The description of the API for machines: `/v1/openapi.json`, made of the routes and the table of permissions."""
