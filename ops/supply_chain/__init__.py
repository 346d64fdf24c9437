"""What the service is made of besides its own code: `make audit` asks for known vulnerabilities and writes an SBOM."""
