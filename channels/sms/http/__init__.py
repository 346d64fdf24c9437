"""SMS by way of providers' HTTP interfaces."""
