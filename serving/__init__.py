"""The KServe model server: raw customer columns in, decisions and reasons out."""
