"""What CAP comes from and goes into besides its own XML: GeoJSON, NINA's JSON, bundles, reports for people."""
