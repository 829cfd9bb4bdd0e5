"""A Matrix room, over the client-server API (`/_matrix/client/v3`; run against Synapse)."""

from engage.connectors.matrix.connector import MatrixConnector

__all__ = ["MatrixConnector"]
