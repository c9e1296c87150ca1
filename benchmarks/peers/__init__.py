"""The servers with which the model server is compared."""
